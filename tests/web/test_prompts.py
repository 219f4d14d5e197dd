"""Saved prompts as people keep them: written, found, run with what they ask for, tagged and deleted in numbers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def save(house: House, shell: Any) -> Any:
    """Save a prompt of the profile Shell; return it."""

    def make(name: str, content: str = "echo done", **fields: Any) -> Any:
        body = {"name": name, "content": content, "agentProfileId": shell["id"], "workingDirectory": str(house.folder)}
        return house.api("POST", "prompts", {**body, **fields}, 201)

    return make


def row(page: Page, name: str) -> Locator:
    """Return the row of a prompt."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_prompt_when_written_is_saved_with_all_it_has(visit: Visit, house: House, shell: Any) -> None:
    page = visit("#/prompts")
    expect(page.get_by_role("heading", name="No saved prompts yet")).to_be_visible()
    page.get_by_role("link", name="New prompt").click()
    editor = page.get_by_role("dialog", name="New prompt")
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor.get_by_label("Name", exact=True)).to_be_focused()
    expect(editor).to_contain_text("Name is needed.")
    editor.get_by_label("Name", exact=True).fill(HOSTILE)
    editor.get_by_label("Prompt", exact=True).fill("echo {{WHO}} {{SIZE}}")
    editor.get_by_role("combobox", name="Working directory").fill(str(house.folder))
    editor.get_by_label("Timeout").fill("999")
    editor.get_by_role("combobox", name="Tags").fill("daily,")
    editor.get_by_role("combobox", name="Tags").press_sequentially("two words")
    editor.get_by_label("Attachments").fill("a.md\n\nb.md\n")
    editor.get_by_role("button", name="SIZE").click()
    editor.get_by_label("Description").fill("How large")
    editor.get_by_label("Type").select_option("Choice")
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor.get_by_label("Choices")).to_be_focused()
    editor.get_by_label("Choices").fill("small, large")
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor.get_by_label("Timeout")).to_be_focused()
    editor.get_by_label("Timeout").fill("7")
    page.keyboard.press("Control+Enter")
    expect(editor).to_have_count(0)
    expect(row(page, HOSTILE)).to_contain_text("Never run")
    (saved,) = house.api("GET", "prompts")
    assert (saved["name"], saved["tags"], saved["timeout"]) == (HOSTILE, ["daily", "two words"], 7)
    assert saved["attachments"] == ["a.md", "b.md"]
    assert saved["variables"] == [
        {"name": "SIZE", "type": "choice", "description": "How large", "default": None, "required": True,
         "choices": ["small", "large"]}
    ]  # fmt: skip
    assert page.title() == "Saved Prompts · airunner"


def test_prompt_when_edited_changes_only_what_was_changed(visit: Visit, house: House, save: Any) -> None:
    made = save("Audit", "@audit.md", type="file-reference", tags=["a"])
    page = visit("#/prompts?tag=a")
    row(page, "Audit").get_by_role("link", name="Edit Audit").click()
    editor = page.get_by_role("dialog", name="Edit prompt")
    expect(editor.get_by_label("Prompt file")).to_have_value("@audit.md")
    house.api("PATCH", f"prompts/{made['id']}", {"name": "Audit of licences"})
    editor.get_by_role("button", name="Text", exact=True).click()
    editor.get_by_label("Prompt", exact=True).fill("Look at the licences")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keep editing").click()
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor).to_have_count(0)
    expect(page).to_have_url(re.compile(re.escape("#/prompts?tag=a") + "$"))
    changed = house.api("GET", f"prompts/{made['id']}")
    assert [changed[key] for key in ("name", "type", "content")] == [
        "Audit of licences",
        "inline",
        "Look at the licences",
    ]


def test_filters_live_in_the_address(visit: Visit, house: House, save: Any) -> None:
    save("Alpha", "first", tags=["x", "y"])
    save("Beta", "second", tags=["x"], workingDirectory=str(house.data.parent))
    save("Gamma", "third")
    page = visit("#/prompts")
    expect(page.locator(".prompts .c-name")).to_have_text(["Alpha", "Beta", "Gamma"])
    page.get_by_role("button", name="x", exact=True).click()
    expect(page.locator(".prompts .c-name")).to_have_text(["Alpha", "Beta"])
    page.get_by_role("button", name="y", exact=True).click()
    expect(page.locator(".prompts .c-name")).to_have_text(["Alpha"])
    expect(page).to_have_url(re.compile(re.escape("?tag=x,y") + "$"))
    page.reload()
    expect(page.locator(".prompts .c-name")).to_have_text(["Alpha"])
    page.get_by_label("Search prompts").fill("third")
    expect(page.get_by_role("heading", name="No prompts match")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    page.get_by_label("Search prompts").fill("third")
    expect(page.locator(".prompts .c-name")).to_have_text(["Gamma"])
    page.get_by_label("Search prompts").fill("")
    page.get_by_role("button", name="Name", exact=True).click()
    expect(page.locator(".prompts .c-name")).to_have_text(["Gamma", "Beta", "Alpha"])
    expect(page).to_have_url(re.compile(re.escape("?sort=-name") + "$"))


def test_prompt_without_variables_runs_at_a_press(visit: Visit, save: Any) -> None:
    save("Greet", "echo hello from the list")
    page = visit("#/prompts")
    page.get_by_role("button", name="Run Greet").click()
    expect(row(page, "Greet")).to_contain_text("Completed")
    page.get_by_role("status").get_by_role("button", name="View").click()
    expect(page.locator(".ln-text", has_text="hello from the list")).to_be_visible()


def test_prompt_with_variables_asks_for_them(visit: Visit, house: House, save: Any) -> None:
    variables = [
        {"name": "COUNT", "type": "number", "description": "How many"},
        {"name": "LOUD", "type": "boolean", "default": "false"},
        {"name": "SIZE", "type": "choice", "choices": ["small", "large"], "default": "large"},
    ]
    save("Ask", "echo got {{COUNT}} {{LOUD}} {{SIZE}} {{WHO}}", variables=variables)
    page = visit("#/prompts")
    page.get_by_role("button", name="Run Ask").click()
    dialog = page.get_by_role("dialog", name="Run Ask")
    expect(dialog.get_by_label("COUNT")).to_be_focused()
    expect(dialog.get_by_label("SIZE")).to_have_value("large")
    dialog.get_by_label("COUNT").fill("many")
    dialog.get_by_role("button", name="Run now").click()
    expect(dialog).to_contain_text("COUNT must be a number")
    expect(dialog).to_contain_text("The prompt needs a value for {{WHO}}.")
    dialog.get_by_label("COUNT").fill("3")
    dialog.get_by_label("WHO").fill("Ana")
    dialog.get_by_label("LOUD").select_option("Yes")
    dialog.get_by_role("button", name="Dry run").click()
    expect(dialog.get_by_label("What would run")).to_contain_text("echo got 3 true large Ana")
    assert house.api("GET", "runs")["total"] == 0
    dialog.get_by_role("button", name="Run now").click()
    expect(dialog).to_have_count(0)
    expect(row(page, "Ask")).to_contain_text("Completed")
    (run,) = house.api("GET", "runs")["runs"]
    assert house.api("GET", f"runs/{run['runId']}")["promptContent"] == "echo got 3 true large Ana"


def test_file_that_asks_for_more_than_is_known_gets_a_field_for_it(visit: Visit, house: House, save: Any) -> None:
    (house.folder / "ask.md").write_text("echo for {{WHO}}")
    save("From a file", "@ask.md", type="file-reference")
    page = visit("#/prompts")
    page.get_by_role("button", name="Run From a file").click()
    dialog = page.get_by_role("dialog", name="Run From a file")
    expect(dialog.get_by_label("WHO")).to_be_focused()
    expect(dialog).to_contain_text("needs a value for {{WHO}}")
    dialog.get_by_label("WHO").fill("Ana")
    page.keyboard.press("Control+Enter")
    expect(row(page, "From a file")).to_contain_text("Completed")


def test_many_prompts_are_tagged_and_deleted_at_once(visit: Visit, house: House, save: Any) -> None:
    for name in ("One", "Two", "Three", "Four"):
        save(name)
    page = visit("#/prompts")
    page.get_by_label("Select Four", exact=True).click()
    page.get_by_label("Select Three", exact=True).click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("3 selected")
    bar.get_by_role("button", name="Add tag").click()
    page.get_by_role("dialog").get_by_role("combobox", name="Tags").fill("nightly")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".prompts td .chip")).to_have_text(["nightly"] * 3)
    expect(page.get_by_role("status").filter(has_text="Tagged 3 prompts with “nightly”")).to_be_visible()
    bar.get_by_role("button", name="Remove tag").click()
    page.get_by_role("dialog").get_by_role("combobox", name="Tags").fill("nightly")
    page.get_by_role("button", name="Remove tags").click()
    expect(page.locator(".prompts td .chip")).to_have_count(0)
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator(".prompts .c-name")).to_have_text(["Two"])
    expect(bar).to_be_hidden()
    assert len(house.api("GET", "prompts")) == 4
    page.get_by_role("status").filter(has_text="Deleted 3 prompts").get_by_role("button", name="Close").click()
    until(lambda: [saved["name"] for saved in house.api("GET", "prompts")] == ["Two"])


def test_prompt_that_a_schedule_needs_is_deleted_only_all_the_same(visit: Visit, house: House, save: Any) -> None:
    made = save("Needed")
    body = {"name": f"Each night {HOSTILE}", "promptId": made["id"], "cronExpression": "0 3 * * *"}
    planned = house.api("POST", "schedules", body, 201)
    page = visit("#/prompts")
    page.get_by_role("button", name="More for Needed").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name=re.compile("Delete .Needed."))
    expect(dialog).to_contain_text(f"Each night {HOSTILE}")
    dialog.get_by_role("button", name="Keep prompt").click()
    assert house.api("GET", f"schedules/{planned['id']}")["enabled"] is True
    page.get_by_role("button", name="More for Needed").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete all the same").click()
    expect(page.get_by_role("heading", name="No saved prompts yet")).to_be_visible()
    assert house.api("GET", f"schedules/{planned['id']}")["enabled"] is False


def test_list_follows_what_others_do_and_keys_move_in_it(visit: Visit, house: House, save: Any) -> None:
    first = save("First")
    page = visit("#/prompts")
    expect(row(page, "First")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First", exact=True)).to_be_focused()
    save("Second")
    expect(row(page, "Second")).to_be_visible()
    house.api("PATCH", f"prompts/{first['id']}", {"tags": ["new"]})
    expect(row(page, "First")).to_contain_text("new")
    expect(page.get_by_role("link", name="First", exact=True)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_label("Select First")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Select First")).not_to_be_checked()
    page.keyboard.press("Shift+R")
    until(lambda: house.api("GET", "runs")["total"] == 1)
    page.keyboard.press("e")
    expect(page.get_by_role("dialog", name="Edit prompt")).to_be_visible()


def test_viewer_sees_prompts_and_changes_none(visit: Visit, house: House, save: Any) -> None:
    save("Readable")
    token = house.api("POST", "tokens", {"name": "looker", "role": "viewer"}, 201)["token"]
    page = visit("#/prompts", token=token)
    expect(page.get_by_role("cell", name="Readable")).to_be_visible()
    for name in ("Run Readable", "More for Readable", "New prompt"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)


def test_prompt_when_somebody_changed_the_same_meanwhile_it_says_so_before_it_is_overwritten(
    visit: Visit, house: House, save: Any
) -> None:
    saved = save("Shared", "echo old")
    page = visit(f"#/prompts/{saved['id']}")
    editor = page.get_by_role("dialog", name="Edit prompt")
    editor.get_by_label("Prompt", exact=True).fill("echo mine")
    house.api("PATCH", f"prompts/{saved['id']}", {"content": "echo theirs", "tags": ["kept"]})
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor.get_by_role("alert")).to_contain_text("has changed the same meanwhile")
    assert house.api("GET", f"prompts/{saved['id']}")["content"] == "echo theirs"
    editor.get_by_role("button", name="Save prompt").click()
    expect(editor).to_be_hidden()
    now = house.api("GET", f"prompts/{saved['id']}")
    assert (now["content"], now["tags"]) == ("echo mine", ["kept"])
