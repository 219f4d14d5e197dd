"""The server goes away under an open page, and comes back: nothing typed is lost, nothing shown is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser

COUNTING = "i=0; until [ -e stop ]; do i=$((i+1)); echo line $i; sleep 0.02; done; echo the last"
ENDINGS: list[Callable[[House], object]] = [House.stop, House.kill9]
ends = pytest.mark.parametrize("end", ENDINGS, ids=["SIGTERM", "SIGKILL"])


def say_nothing(page: Page) -> None:
    """Wait until the page has noticed that the server is away."""
    expect(page.locator(".banner")).to_contain_text("The server does not answer since")


def copied(page: Page) -> list[str]:
    """Return the lines that the viewer copies: all it has."""
    page.locator(".log").focus()
    page.keyboard.press("y")
    expect(page.get_by_text("Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()")).split("\n")


@ends
def test_live_output_when_the_server_was_away_has_every_line_once(
    visit: Visit, start: Any, house: House, context: BrowserContext, end: Callable[[House], object]
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = start(COUNTING, wait=False)
    page = visit(f"#/run/{run['runId']}")
    expect(page.locator(".ln").last).to_contain_text("line")
    page.get_by_label("Prompt", exact=True).fill("half a thought")
    end(house)
    say_nothing(page)
    timer = page.get_by_role("timer")
    page.wait_for_timeout(1100)  # one tick, which shows the time that is held
    frozen = timer.inner_text()
    page.wait_for_timeout(2200)  # a clock that goes on would have moved
    assert timer.inner_text() == frozen
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("half a thought")
    house.start_again()
    expect(page.locator(".banner")).to_have_count(0)
    expect(timer).not_to_have_text(frozen)
    (house.folder / "stop").touch()
    expect(page.locator(".ln-text", has_text="the last")).to_be_visible()
    expect(page.locator(".vw-head .st")).to_have_text("Completed")
    lines = copied(page)
    assert lines == [f"line {number}" for number in range(1, len(lines))] + ["the last"]
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("half a thought")


@ends
def test_form_that_is_saved_while_the_server_is_away_says_so_and_stays(
    visit: Visit, shell: Any, house: House, end: Callable[[House], object]
) -> None:
    page = visit("#/prompts/new")
    form = page.get_by_role("dialog", name="New prompt")
    form.get_by_label("Name").fill("Typed while nobody listened")
    form.get_by_label("Prompt", exact=True).fill("echo kept")
    end(house)
    say_nothing(page)
    save = form.get_by_role("button", name="Save prompt")
    save.click()
    expect(form.get_by_role("alert").filter(visible=True)).to_be_visible()
    expect(form.get_by_label("Name")).to_have_value("Typed while nobody listened")
    house.start_again()
    expect(page.locator(".banner")).to_have_count(0)
    expect(form.get_by_label("Prompt", exact=True)).to_have_value("echo kept")
    save.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("row", name="Typed while nobody listened")).to_be_visible()
    assert [saved["content"] for saved in house.api("GET", "prompts")] == ["echo kept"]


def test_setting_that_is_changed_while_the_server_is_away_says_so_and_stays(visit: Visit, house: House) -> None:
    page = visit("#/settings/general")
    field = page.get_by_label("Runs at once")
    expect(field).to_have_value("3")
    house.kill9()
    say_nothing(page)
    field.fill("7")
    field.blur()
    expect(field).to_have_attribute("aria-invalid", "true")
    house.start_again()
    expect(page.locator(".banner")).to_have_count(0)
    expect(field).to_have_value("7")
    field.focus()
    page.keyboard.press("Enter")
    field.fill("8")
    field.blur()
    until(lambda: house.api("GET", "settings")["maxConcurrentRuns"] == 8)


@ends
def test_lists_and_tape_when_the_server_was_away_catch_up(
    visit: Visit, start: Any, house: House, end: Callable[[House], object]
) -> None:
    run = start("until [ -e stop ]; do sleep 0.02; done", wait=False)
    page = visit("#/history")
    row = page.locator(f'tr[data-run="{run["runId"]}"]')
    expect(row).to_contain_text("Running")
    expect(page.locator("#tape")).to_contain_text("1 running")
    end(house)
    say_nothing(page)
    (house.folder / "stop").touch()
    house.start_again()
    other = start("echo another")
    expect(page.locator(".banner")).to_have_count(0)
    expect(row).to_contain_text("Completed")
    expect(page.locator("#tape")).to_contain_text("Nothing runs")
    pill = page.get_by_role("button", name="new run").filter(visible=True)
    new = page.locator(f'tr[data-run="{other["runId"]}"]')
    expect(pill.or_(new).first).to_be_visible()


def test_page_when_opened_while_the_server_starts_comes_by_itself(visit: Visit, house: House) -> None:
    page = visit("#/history")
    house.kill9()
    say_nothing(page)
    page.goto(page.url.replace("#/history", "#/settings/tokens"))
    expect(page.locator(".banner")).to_be_visible()
    house.start_again()
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.get_by_role("heading", name="Access tokens")).to_be_visible()
