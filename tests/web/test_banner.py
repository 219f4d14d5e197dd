"""The banner: what keeps queued runs from their start is said on every tab, and goes when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.helpers.server import House
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser
NEVER = 900_000_000


def test_banner_when_the_disk_has_no_room_says_so_on_every_tab_until_it_has(
    visit: Visit, house: House, start: Callable[..., Any]
) -> None:
    page = visit("#/history")
    banner = page.locator(".banner")
    house.api("PATCH", "settings", {"minFreeDiskMB": NEVER})
    expect(banner).to_have_count(0)
    run = start("echo at last", wait=False)
    sentence = f"No run starts while less than {NEVER} MB are free for {house.data}; make room there"
    expect(banner).to_contain_text(sentence)
    expect(banner.get_by_role("button")).to_have_count(0)
    page.goto(f"{house.url}/#/run/{run['runId']}")
    expect(page.locator(".vw-head .st")).to_have_text("Queued")
    expect(page.locator(".why.s-queued")).to_contain_text(sentence)
    page.goto(f"{house.url}/#/settings/general")
    field = page.get_by_label("Free disk for a new run")
    expect(field).to_have_value(str(NEVER))
    field.fill("0")
    field.blur()
    expect(banner).to_have_count(0)
    assert house.wait_for_run(run["runId"])["stdout"] == "at last\n"


def test_banner_when_the_page_is_opened_while_runs_are_held_is_there(
    visit: Visit, house: House, start: Callable[..., Any]
) -> None:
    house.api("PATCH", "settings", {"minFreeDiskMB": NEVER})
    start("echo x", wait=False)
    page = visit()
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator(".banner")).to_contain_text("No run starts while")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_banner_when_the_server_falls_silent_says_that_first(
    visit: Visit, house: House, start: Callable[..., Any], context: BrowserContext
) -> None:
    house.api("PATCH", "settings", {"minFreeDiskMB": NEVER})
    start("echo x", wait=False)
    page = visit()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("No run starts while")
    context.set_offline(True)
    expect(banner).to_contain_text("The server does not answer since", timeout=10_000)
    context.set_offline(False)
    expect(banner).to_contain_text("No run starts while")
