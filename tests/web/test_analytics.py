"""Analytics as people read it: figures, charts with their numbers, the range in the address, and what is empty."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit
from tests.web.test_access import faults

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


def figure(page: Page, name: str) -> Any:
    """Return a figure by its title."""
    return page.get_by_role("figure", name=name)


def test_analytics_when_there_are_no_runs_then_it_says_what_will_stand_there(visit: Visit) -> None:
    page = visit("#/analytics")
    expect(page.get_by_role("heading", name="No runs in the last 30 days")).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(0)
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("heading", name="No runs in the last 7 days")).to_be_visible()
    assert page.url.endswith("#/analytics?days=7")
    assert faults(page) == []
    page.get_by_role("main").get_by_role("link", name="New run").click()
    expect(page.get_by_role("button", name="Run now")).to_be_visible()


def test_analytics_when_runs_were_made_then_charts_and_tables_say_the_same(
    visit: Visit, house: House, shell: Any, start: Any
) -> None:
    start("exit 3")
    prompt = house.api(
        "POST",
        "prompts",
        {"name": HOSTILE, "content": "true", "agentProfileId": shell["id"], "workingDirectory": str(house.folder)},
        201,
    )
    for _ in range(3):
        house.wait_for_run(house.api("POST", "run", {"promptId": prompt["id"]}, 201)["runId"])
    page = visit("#/analytics")
    expect(page.locator(".key-figure", has_text="Success rate")).to_contain_text("75 %")
    expect(page.locator(".key-figure", has_text="Success rate")).to_contain_text("1 failed")
    expect(page.get_by_role("img", name="4 runs: 3 completed, 1 failed.")).to_be_visible()
    expect(figure(page, "Success by prompt")).to_contain_text(HOSTILE)
    expect(figure(page, "Runs by agent")).to_contain_text("100 %")
    expect(figure(page, "Schedule health")).to_contain_text("No schedule fired in this time.")
    outcomes = figure(page, "Outcomes")
    outcomes.get_by_role("button", name="Outcomes as a table").click()
    expect(outcomes.get_by_role("row")).to_have_count(31)
    expect(outcomes.get_by_role("row").last).to_contain_text("4")
    for name in ("Average duration", "Success by profile", "Busiest repositories", "Runs by agent"):
        figure(page, name).get_by_role("button", name=f"{name} as a table").click()
    expect(figure(page, "Busiest repositories").get_by_role("rowheader")).to_have_text(str(house.folder))
    assert faults(page) == []
    page.reload()
    expect(page.get_by_role("img", name="4 runs: 3 completed, 1 failed.")).to_be_visible()


def test_analytics_when_a_run_ends_meanwhile_then_it_is_counted(visit: Visit, start: Any) -> None:
    start("true")
    page = visit("#/analytics?days=1")
    expect(page.locator(".key-figure", has_text="Runs").locator(".key-value")).to_have_text("1")
    start("true")
    expect(page.locator(".key-figure", has_text="Runs").locator(".key-value")).to_have_text("2")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Analytics")).to_be_visible()
