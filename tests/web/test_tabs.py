"""Many tabs and browsers on one server: all are live, though a browser has six connections to a host."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.server import TOKEN, House
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser

STEPS = "for n in 1 2 3; do until [ -e go$n ]; do sleep 0.02; done; echo step $n; done"


def see(pages: list[Page], text: str) -> None:
    """Wait until every page shows a line."""
    for page in pages:
        expect(page.locator(".ln-text", has_text=text)).to_be_attached()


def test_eight_tabs_and_another_browser_show_the_live_output_and_the_leader_may_go(
    visit: Visit, start: Any, house: House, browser: Browser
) -> None:
    run = start(STEPS, wait=False)
    tabs = [visit(f"#/run/{run['runId']}") for _ in range(8)]
    other = browser.new_context()
    other.set_default_timeout(60_000)  # beside eight tabs a page takes its time
    stranger = other.new_page()
    stranger.goto(f"{house.url}/#/run/{run['runId']}")
    stranger.get_by_label("Access token").fill(TOKEN)
    stranger.get_by_role("button", name="Log in").click()
    for page in [*tabs, stranger]:
        expect(page.get_by_text("Nothing printed yet")).to_be_visible()
    (house.folder / "go1").touch()
    see([*tabs, stranger], "step 1")
    tabs[0].close()  # it was first, and asked for all
    (house.folder / "go2").touch()
    see([*tabs[1:], stranger], "step 2")
    for page in tabs[1:4]:
        page.close()
    (house.folder / "go3").touch()
    see([*tabs[4:], stranger], "step 3")
    for page in [*tabs[4:], stranger]:
        expect(page.locator(".vw-head .st")).to_have_text("Completed")
    other.close()


def test_tab_that_comes_while_another_leads_hears_of_changes_of_both(visit: Visit, start: Any, house: House) -> None:
    first, second = visit("#/history"), visit("#/settings/general")
    run = start("echo seen by both")
    expect(first.locator(f'tr[data-run="{run["runId"]}"]')).to_contain_text("Completed")
    house.api("PATCH", "settings", {"maxConcurrentRuns": 5})
    expect(second.get_by_label("Runs at once")).to_have_value("5")
    first.close()
    house.api("PATCH", "settings", {"maxConcurrentRuns": 6})
    expect(second.get_by_label("Runs at once")).to_have_value("6")


def test_log_out_in_one_tab_is_one_in_all(visit: Visit) -> None:
    tabs = [visit("#/history") for _ in range(3)]
    tabs[1].keyboard.press("Control+k")
    tabs[1].keyboard.type("log out")
    tabs[1].keyboard.press("Enter")
    for page in tabs:
        expect(page.get_by_label("Access token")).to_be_visible()
