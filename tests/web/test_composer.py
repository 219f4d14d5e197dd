"""The composer of a run, as people use it: files, earlier prompts, variables, a dry run, and keeping what was written."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit

pytestmark = pytest.mark.usefixtures("shell")


def write(page: Page, text: str) -> None:
    """Write the prompt."""
    page.get_by_label("Prompt", exact=True).fill(text)


def run_now(page: Page, said: str) -> None:
    """Run what is written, and wait for what it says."""
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".ln-text", has_text=said)).to_be_visible()


def test_prompt_file_when_chosen_folder_by_folder_is_run(visit: Visit, house: House) -> None:
    folder = house.folder / "repo"
    (folder / "prompts").mkdir(parents=True)
    (folder / "prompts" / "say.md").write_text("echo said by a file")
    (folder / "prompts" / "other.md").write_text("echo no")
    page = visit()
    page.get_by_role("combobox", name="Working directory").fill(str(folder))
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="From a file").click()
    page.get_by_role("button", name="Choose a file").click()
    dialog = page.get_by_role("dialog", name="Choose a prompt file")
    dialog.get_by_role("button", name="prompts").click()
    expect(dialog.get_by_text(str(folder / "prompts"))).to_be_visible()
    dialog.get_by_role("button", name="Folder above").click()
    dialog.get_by_role("button", name="prompts").click()
    dialog.get_by_label("Filter this folder").fill("say")
    expect(dialog.get_by_role("button", name="other.md")).to_have_count(0)
    dialog.get_by_role("button", name="say.md").click()
    expect(page.get_by_label("Prompt file")).to_have_value(str(folder / "prompts" / "say.md"))
    run_now(page, "said by a file")
    assert house.api("GET", "runs")["runs"][0]["promptContent"] == "echo said by a file"


def test_prompt_file_that_is_not_there_is_said_at_the_field(visit: Visit) -> None:
    page = visit()
    page.get_by_role("tab", name="From a file").click()
    page.get_by_label("Prompt file").fill("no/such.md")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".comp-prompt .field-error")).to_contain_text("no/such.md")
    page.get_by_role("button", name="Choose a file").click()
    expect(page.get_by_role("dialog", name="Choose a prompt file")).to_be_visible()


def test_earlier_prompts_come_back_by_keys_and_by_the_menu(visit: Visit) -> None:
    page = visit()
    for text in ("echo first", "echo second"):
        write(page, text)
        run_now(page, text.split()[1])
    write(page, "echo unsent")
    area = page.get_by_label("Prompt", exact=True)
    area.press("Alt+ArrowUp")
    expect(area).to_have_value("echo second")
    area.press("Alt+ArrowUp")
    area.press("Alt+ArrowUp")
    expect(area).to_have_value("echo first")
    for _ in range(2):
        area.press("Alt+ArrowDown")
    expect(area).to_have_value("echo unsent")
    page.get_by_role("button", name="Earlier prompts").click()
    page.get_by_role("menuitem", name="echo first").click()
    expect(area).to_have_value("echo first")
    area.press("Alt+ArrowDown")
    area.press("Alt+ArrowDown")
    expect(area).to_have_value("echo unsent")


def test_variables_of_a_prompt_are_asked_for_and_put_in(visit: Visit, house: House) -> None:
    page = visit()
    write(page, "echo {{WHO}} likes {{WHAT}}")
    page.get_by_label("WHO").fill("ana")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".comp")).to_contain_text("WHAT")
    assert house.api("GET", "runs")["total"] == 0
    page.get_by_label("WHAT").fill("tea")
    write(page, "echo {{WHO}} drinks {{WHAT}}")
    expect(page.get_by_label("WHO")).to_have_value("ana")
    run_now(page, "ana drinks tea")
    write(page, "echo plain")
    expect(page.get_by_label("WHO")).to_have_count(0)


def test_dry_run_shows_the_command_and_starts_nothing(visit: Visit, house: House) -> None:
    page = visit()
    write(page, "echo it's <b>me</b>")
    page.get_by_label("Prompt", exact=True).press("Control+Shift+Enter")
    dialog = page.get_by_role("dialog", name="Dry run")
    expect(dialog.get_by_label("What would run")).to_contain_text("bash -c")
    expect(dialog.get_by_label("Prompt")).to_have_text("echo it's <b>me</b>")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert house.api("GET", "runs")["total"] == 0


def test_save_prompt_opens_the_editor_with_what_was_written(visit: Visit, house: House) -> None:
    page = visit()
    write(page, "echo keep me")
    page.get_by_role("combobox", name="Working directory").fill(str(house.folder))
    page.keyboard.press("Escape")
    page.get_by_label("Prompt", exact=True).press("Control+s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Kept")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    [saved] = house.api("GET", "prompts")
    assert (saved["name"], saved["content"], saved["workingDirectory"]) == ("Kept", "echo keep me", str(house.folder))


def test_preview_shows_markdown_and_none_of_its_markup_acts(visit: Visit) -> None:
    page = visit()
    write(
        page,
        "# Title\n\n- one\n- two\n\n<img src=x onerror=document.title='hit'> [go](javascript:document.title='hit')",
    )
    page.get_by_role("tab", name="Preview").click()
    preview = page.get_by_role("tabpanel", name="Preview")
    expect(preview.get_by_role("heading", name="Title")).to_be_visible()
    expect(preview.get_by_role("listitem")).to_have_count(2)
    assert preview.locator("img").count() == 0
    assert preview.locator("a[href^='javascript']").count() == 0
    page.get_by_role("tab", name="Write").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()


def test_line_under_the_output_answers_a_waiting_agent(visit: Visit, house: House, start: Any) -> None:
    run = start("printf 'go on? '; read -r answer; echo \"it was $answer\"", wait=False)
    page = visit(f"#/run/{run['runId']}")
    write(page, "echo the composer's")
    expect(page.locator(".ln-text", has_text="go on?")).to_be_visible()
    line = page.get_by_label("Type to the agent")
    line.fill("yes, please")
    line.press("Control+Enter")
    expect(page.locator(".ln-text", has_text="it was yes, please")).to_be_visible()
    assert house.wait_for_run(run["runId"])["exitCode"] == 0
    assert house.api("GET", "runs")["total"] == 1
    expect(line).to_be_hidden()


def test_several_runs_stay_open_beside_each_other(visit: Visit, start: Any) -> None:
    first, second = start("echo one"), start("echo two")
    page = visit(f"#/run/{first['runId']}")
    expect(page.locator(".ln-text", has_text="one")).to_be_visible()
    page.goto(page.url.replace(first["runId"], second["runId"]))
    tabs = page.get_by_role("tablist", name="Open runs").get_by_role("tab")
    expect(tabs).to_have_count(2)
    expect(page.locator(".ln-text", has_text="two")).to_be_visible()
    tabs.filter(has_text="one").click()
    expect(page.locator(".ln-text", has_text="one")).to_be_visible()
    page.reload()
    expect(tabs).to_have_count(2)
    tabs.filter(has_text="one").press("Delete")
    expect(tabs).to_have_count(1)
    expect(page.locator(".ln-text", has_text="two")).to_be_visible()
