"""The quick test of a profile: what it shows before anything runs, what it starts by itself, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit, make_profile

pytestmark = pytest.mark.browser


def opened(page: Page) -> Locator:
    """Press Test on the card of the profile Shell, and return the dialog."""
    page.get_by_role("button", name="Test Shell").click()
    return page.get_by_role("dialog", name="Test Shell")


def test_template_that_does_more_is_shown_and_waits_for_the_button(visit: Visit, house: House, tmp_path: Path) -> None:
    make_profile(house, invocationTemplate=f'touch {tmp_path}/ran; claude "$PROMPT"')
    dialog = opened(visit("#/settings"))
    expect(dialog.get_by_label("What will run")).to_have_text(f'touch {tmp_path}/ran; echo claude "$PROMPT"')
    expect(dialog).to_contain_text("Everything else in the template runs as it is")
    test = dialog.get_by_role("button", name="Test", exact=True)
    expect(test).to_be_enabled()
    assert house.api("GET", "runs")["total"] == 0
    assert not (tmp_path / "ran").exists()
    test.click()
    expect(dialog.locator(".st")).to_have_text("Completed")
    expect(dialog.get_by_role("button", name="Test again")).to_be_visible()
    assert (tmp_path / "ran").exists()


def test_template_with_dangers_names_them_and_waits(visit: Visit, house: House) -> None:
    make_profile(house, invocationTemplate='rm -r / "$PROMPT"', acknowledgedDangers=["rm_root"])
    dialog = opened(visit("#/settings"))
    expect(dialog.get_by_label("What will run")).to_have_text('echo rm -r / "$PROMPT"')
    expect(dialog).to_contain_text("removes a whole system or home directory")
    expect(dialog.get_by_role("button", name="Test", exact=True)).to_be_enabled()
    assert house.api("GET", "runs")["total"] == 0


def test_plain_command_is_tested_at_once_in_the_directory_that_is_named(
    visit: Visit, house: House, tmp_path: Path
) -> None:
    make_profile(house, invocationTemplate='claude -p -- "$PROMPT"')
    gone = tmp_path / "gone"
    gone.mkdir()
    house.api("PATCH", "settings", {"defaultWorkingDirectory": str(gone)})
    gone.rmdir()
    page = visit("#/settings")
    dialog = opened(page)
    directory = dialog.get_by_role("combobox", name="Working directory")
    expect(directory).to_have_attribute("aria-invalid", "true")
    directory.fill(str(tmp_path))
    dialog.get_by_role("button", name="Test", exact=True).click()
    expect(dialog.locator(".ln-text").first).to_contain_text("claude -p -- test")
    assert house.api("GET", "runs")["runs"][0]["workingDirectory"] == str(tmp_path)
    dialog.get_by_role("link", name="Open in History").click()
    expect(page.locator(".runs .c-mark")).to_have_text("Test")


def test_unclear_template_cannot_be_tested_and_says_what_to_do(visit: Visit, house: House) -> None:
    make_profile(house, invocationTemplate='sort | agent "$PROMPT"')
    page = visit("#/settings")
    dialog = opened(page)
    refusal = dialog.get_by_role("alert")
    expect(refusal).to_contain_text("This template cannot be tested")
    expect(dialog.get_by_role("button", name=re.compile("^Test"))).to_have_count(0)
    refusal.get_by_role("button", name="Edit template").click()
    expect(page.get_by_role("dialog", name="Edit profile")).to_be_visible()
    assert house.api("GET", "runs")["total"] == 0


def test_prompt_on_standard_input_cannot_be_tested_and_the_button_says_why(visit: Visit, house: House) -> None:
    make_profile(house, invocationTemplate="cat", promptVia="stdin")
    test = visit("#/settings").get_by_role("button", name="Test Shell")
    expect(test).to_be_disabled()
    expect(test).to_have_attribute("title", re.compile("standard input"))


def test_test_shows_output_as_it_is_printed_and_can_be_killed(visit: Visit, house: House) -> None:
    make_profile(house, invocationTemplate='echo first; sleep 30; claude "$PROMPT"')
    dialog = opened(visit("#/settings"))
    dialog.get_by_role("button", name="Test", exact=True).click()
    expect(dialog.locator(".ln-text")).to_have_text("first\n")
    expect(dialog.locator(".st")).to_have_text("Running")
    dialog.get_by_role("button", name="Kill").click()
    expect(dialog.locator(".st")).to_have_text("Killed")
    expect(dialog.get_by_role("button", name="Kill")).to_be_hidden()
