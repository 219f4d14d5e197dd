"""What is done to many prompts can be undone for a while; what cannot be done after all says so."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def save(house: House, shell: Any) -> Any:
    """Save a prompt of the profile Shell; return it."""

    def make(name: str, **fields: Any) -> Any:
        body = {"name": name, "content": "echo done", "agentProfileId": shell["id"]}
        return house.api("POST", "prompts", {**body, "workingDirectory": str(house.folder), **fields}, 201)

    return make


def tags_of(house: House) -> dict[str, list[str]]:
    return {saved["name"]: saved["tags"] for saved in house.api("GET", "prompts")}


def change_tags(page: Page, deed: str, tag: str) -> None:
    """Add a tag to all prompts, or remove it from them."""
    page.get_by_label("Select all that are shown").check()
    page.get_by_role("region", name="Selection").get_by_role("button", name=deed).click()
    page.get_by_role("dialog").get_by_role("combobox", name="Tags").fill(tag)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def names(page: Page) -> Any:
    return page.locator(".prompts .c-name")


def delete(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name="Delete").click()


def test_tags_come_back_exactly_as_they_were(visit: Visit, house: House, save: Any) -> None:
    before = {"Both": ["x", "nightly"], "None": [], "One": ["nightly"]}
    for name, tags in before.items():
        save(name, tags=tags)
    page = visit("#/prompts")
    change_tags(page, "Remove tag", "nightly")
    assert tags_of(house) == {"Both": ["x"], "None": [], "One": []}
    page.get_by_role("button", name="Undo").click()
    until(lambda: tags_of(house) == before)
    change_tags(page, "Add tag", "nightly")
    until(lambda: tags_of(house)["None"] == ["nightly"])
    page.get_by_role("status").filter(has_text="Tagged").get_by_role("button", name="Undo").click()
    until(lambda: tags_of(house) == before)


def test_tags_that_somebody_changed_since_then_are_left_and_that_is_said(visit: Visit, house: House, save: Any) -> None:
    theirs, _ = save("Theirs", tags=["x"]), save("Mine", tags=["x"])
    page = visit("#/prompts")
    change_tags(page, "Add tag", "new")
    house.api("PATCH", f"prompts/{theirs['id']}", {"tags": ["other"]})
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="1 prompt keeps its tags")).to_be_visible()
    assert tags_of(house) == {"Theirs": ["other"], "Mine": ["x"]}


def test_deletion_is_undone_and_nothing_was_sent(visit: Visit, house: House, save: Any) -> None:
    save("Kept")
    save("Other")
    page = visit("#/prompts")
    delete(page, "Kept")
    expect(names(page)).to_have_text(["Other"])
    house.api("PATCH", f"prompts/{house.api('GET', 'prompts')[1]['id']}", {"name": "Renamed"})
    expect(names(page)).to_have_text(["Renamed"])
    page.get_by_role("button", name="Undo").click()
    expect(names(page)).to_have_text(["Kept", "Renamed"])
    assert len(house.api("GET", "prompts")) == 2


def test_deletion_is_sent_when_the_page_is_left(visit: Visit, house: House, save: Any) -> None:
    save("Away")
    save("Stays")
    page = visit("#/prompts")
    delete(page, "Away")
    expect(names(page)).to_have_text(["Stays"])
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("status").filter(has_text="Deleted “Away”")).to_be_visible()
    page.goto("about:blank")
    until(lambda: list(tags_of(house)) == ["Stays"])


def test_deletion_is_sent_before_the_session_is_left(visit: Visit, house: House, save: Any) -> None:
    save("Away")
    page = visit("#/prompts")
    delete(page, "Away")
    expect(page.get_by_role("heading", name="No saved prompts yet")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or run").fill("Log out")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Access token")).to_be_visible()
    assert house.api("GET", "prompts") == []


def test_deletion_that_a_new_schedule_forbids_brings_the_rows_back(visit: Visit, house: House, save: Any) -> None:
    made = save("Needed")
    page = visit("#/prompts")
    delete(page, "Needed")
    expect(page.get_by_role("heading", name="No saved prompts yet")).to_be_visible()
    plan = {"name": "Nightly", "promptId": made["id"], "cronExpression": "0 3 * * *"}
    house.api("POST", "schedules", plan, 201)
    page.get_by_role("status").filter(has_text="Deleted").get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_contain_text("The schedule Nightly needs")
    expect(names(page)).to_have_text(["Needed"])


def test_cards_have_the_same_keys_filters_and_selection(visit: Visit, house: House, save: Any) -> None:
    save("Alpha", content="First line\n\nsecond <b>line</b>", tags=["x"])
    made = save("Beta", content="@beta.md", type="file-reference")
    page = visit("#/prompts")
    page.get_by_role("button", name="Cards").press("Enter")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Alpha", exact=True))
    expect(card).to_contain_text("First line\nsecond <b>line</b>")
    expect(card).to_contain_text("Shell")
    page.reload()
    expect(card).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Alpha", exact=True)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_label("Select Alpha")).to_be_checked()
    page.get_by_role("button", name="Cards").click()
    page.keyboard.press("Escape")
    card.get_by_role("button", name="Run Alpha").click()
    expect(card.locator(".c-last")).to_contain_text("Failed")
    page.get_by_label("Type").select_option("File")
    expect(names(page)).to_have_text(["Beta"])
    assert page.url.endswith("#/prompts?type=file-reference")
    page.get_by_role("button", name="More for Beta").click()
    page.get_by_role("menuitem", name="History").click()
    assert page.url.endswith(f"#/history?promptId={made['id']}")
