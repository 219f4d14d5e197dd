"""Settings, storage in use: what is kept, with ways to it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.helpers.server import House
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser


def test_storage_names_what_is_kept_and_leads_to_it(visit: Visit, house: House, start: Any) -> None:
    large = start("head -c 50000 /dev/zero | tr '\\0' x")
    kept = start("echo '<b>kept</b>'")
    house.api("PATCH", f"runs/{kept['runId']}", {"pinned": True})
    page = visit("#/settings/general")
    part = page.get_by_role("region", name="Storage in use")
    expect(part.get_by_text("Measured")).to_be_visible()
    expect(part.get_by_role("img")).to_be_visible()
    expect(part.get_by_text(f"Free for {house.data}")).to_be_visible()
    first = part.get_by_role("list").last.get_by_role("listitem").first
    expect(first).to_contain_text("50.0 kB")
    first.get_by_role("link").click()
    assert page.url.endswith(f"#/history/{large['runId']}")
    page.go_back()
    part.get_by_role("link", name="1 run", exact=True).click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.url.endswith("#/history?pinned=true")


def test_storage_when_nothing_ran_says_so(visit: Visit) -> None:
    part = visit("#/settings/general").get_by_role("region", name="Storage in use")
    expect(part.get_by_text("No run has left output yet.")).to_be_visible()
    expect(part.get_by_role("img")).to_be_visible()
