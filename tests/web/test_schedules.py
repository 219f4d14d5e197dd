"""Schedules as people keep them: put into words while they are written, switched, run, paused, never in each other's way."""

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
def saved(house: House, shell: Any) -> Any:
    """A saved prompt of the profile Shell that asks for a name."""
    body = {"name": "Greet", "content": "echo hello {{WHO}}", "agentProfileId": shell["id"]}
    return house.api("POST", "prompts", {**body, "workingDirectory": str(house.folder)}, 201)


@pytest.fixture
def plan(house: House, saved: Any) -> Any:
    """Make a schedule of that prompt; return it."""

    def make(name: str, cron: str = "0 3 * * *", **fields: Any) -> Any:
        body = {"name": name, "promptId": saved["id"], "cronExpression": cron, "variables": {"WHO": "Ana"}}
        return house.api("POST", "schedules", {**body, **fields}, 201)

    return make


def row(page: Page, name: str) -> Locator:
    """Return the row of a schedule."""
    link = page.locator("a.c-name").and_(page.get_by_role("link", name=name, exact=True))
    return page.get_by_role("row").filter(has=link)


def test_schedule_when_written_says_what_it_will_do(visit: Visit, house: House, saved: Any) -> None:
    page = visit("#/prompts")
    page.get_by_role("link", name="Schedule Greet").click()
    editor = page.get_by_role("dialog", name="New schedule")
    expect(editor.get_by_label("Name", exact=True)).to_have_value("Greet")
    editor.get_by_label("Name", exact=True).fill("Every morning")
    editor.get_by_role("button", name="Weekdays").click()
    expect(editor).to_contain_text("At 09:00, Monday to Friday")
    expect(editor).to_contain_text("5 runs a week")
    editor.get_by_role("combobox", name="Time zone").fill("Europe/Berlin")
    expect(editor.locator(".pre-times li").first).to_contain_text(re.compile(r"09:00 (CES?T|GMT\+[12])"))
    expect(editor.locator(".pre-times li")).to_have_count(5)
    editor.get_by_label("Minute").fill("61")
    expect(editor.get_by_label("Expression")).to_have_value("61 9 * * 1-5")
    expect(editor).to_contain_text("Minute must be 0 to 59; it is 61.")
    editor.get_by_role("button", name="Save schedule").click()
    expect(editor.get_by_label("Expression")).to_be_focused()
    editor.get_by_label("Expression").fill("30 9 * * 1-5")
    expect(editor.get_by_label("Minute")).to_have_value("30")
    expect(editor).to_contain_text("At 09:30, Monday to Friday")
    editor.get_by_role("button", name="Save schedule").click()
    expect(editor).to_contain_text("The prompt needs a value for {{WHO}}.")
    expect(editor.get_by_label("WHO")).to_be_focused()
    editor.get_by_label("WHO").fill("Ana")
    editor.get_by_text("When a run fails").click()
    editor.get_by_label("Attempts after a failure").fill("2")
    page.keyboard.press("Control+Enter")
    expect(editor).to_have_count(0)
    expect(row(page, "Every morning")).to_contain_text("At 09:30, Monday to Friday")
    expect(row(page, "Every morning")).to_contain_text(re.compile(r"in (\d+ d )?\d\d:\d\d"))
    (made,) = house.api("GET", "schedules")
    expected = {
        "timezone": "Europe/Berlin",
        "cronExpression": "30 9 * * 1-5",
        "variables": {"WHO": "Ana"},
        "retries": 2,
    }
    assert {name: made[name] for name in expected} == expected


def test_editor_names_the_schedule_that_is_met(visit: Visit, plan: Any) -> None:
    other, mine = plan("Nightly <b>audit</b>"), plan("Refactor", "1 3 * * *")
    page = visit(f"#/schedules/{mine['id']}")
    editor = page.get_by_role("dialog", name="Edit schedule")
    expect(editor).to_contain_text("Overlaps with 1 schedule")
    editor.get_by_label("Expression").fill("0 12 * * *")
    expect(editor).not_to_contain_text("Overlaps")
    editor.get_by_label("Expression").fill("* * * * *")
    expect(editor).to_contain_text("Meets itself")
    editor.get_by_role("link", name="Nightly <b>audit</b>").click()
    page.get_by_role("button", name="Discard changes").click()
    expect(editor.get_by_label("Name", exact=True)).to_have_value("Nightly <b>audit</b>")
    expect(page).to_have_url(re.compile(re.escape(other["id"]) + "$"))


def test_schedule_is_switched_in_its_row(visit: Visit, house: House, plan: Any) -> None:
    made = plan("Nightly")
    page = visit("#/schedules")
    switch = page.get_by_role("switch", name="Nightly is on")
    switch.click()
    expect(row(page, "Nightly")).to_contain_text("Off")
    expect(page.get_by_role("switch", name="Nightly is on")).to_be_focused()
    assert house.api("GET", f"schedules/{made['id']}")["enabled"] is False
    house.api("POST", f"schedules/{made['id']}/toggle", {"enabled": True})
    expect(switch).to_be_checked()
    expect(row(page, "Nightly")).to_contain_text(re.compile(r"in \d\d:\d\d:\d\d"))


def test_schedule_runs_now_and_its_row_says_how_it_ended(visit: Visit, plan: Any) -> None:
    plan("Nightly")
    page = visit("#/schedules")
    page.get_by_role("button", name="Run Nightly now").click()
    expect(row(page, "Nightly")).to_contain_text("Completed")
    row(page, "Nightly").get_by_role("link", name="Completed").click()
    expect(page.locator(".ln-text", has_text="hello Ana")).to_be_visible()
    expect(page.get_by_role("dialog", name="Run: Greet")).to_contain_text("hello Ana")


def test_schedule_that_runs_already_is_not_started_twice(visit: Visit, house: House, saved: Any, plan: Any) -> None:
    house.api("PATCH", f"prompts/{saved['id']}", {"content": "sleep 30 # {{WHO}}"})
    plan("Nightly")
    page = visit("#/schedules")
    page.get_by_role("button", name="Run Nightly now").click()
    expect(row(page, "Nightly")).to_contain_text("Running")
    page.get_by_role("button", name="Run Nightly now").click()
    expect(page.get_by_role("alert")).to_contain_text("Nightly was not started")
    assert len(house.api("GET", "runs/active")) == 1


def test_schedule_says_why_it_was_switched_off(visit: Visit, house: House, saved: Any, plan: Any) -> None:
    plan("Nightly")
    house.api("DELETE", f"prompts/{saved['id']}?force=1")
    page = visit("#/schedules")
    expect(row(page, "Nightly")).to_contain_text("Prompt is gone")
    expect(page.get_by_text("Switched off when the prompt Greet was deleted.")).to_be_visible()
    page.get_by_role("button", name="Run Nightly now").click()
    expect(page.get_by_role("alert")).to_contain_text("Its prompt was deleted. Edit the schedule to choose another.")


def test_schedules_are_paused_and_resumed(visit: Visit, house: House, plan: Any) -> None:
    plan("Nightly")
    page = visit("#/schedules")
    page.get_by_role("button", name="Pause all").click()
    expect(page.get_by_role("status").filter(has_text="All schedules are paused.")).to_be_visible()
    expect(row(page, "Nightly")).to_contain_text("Paused")
    assert house.api("GET", "settings")["schedulesPaused"] is True
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("All schedules are paused.")).to_be_hidden()
    expect(row(page, "Nightly")).not_to_contain_text("Paused")
    assert house.api("GET", "settings")["schedulesPaused"] is False


def test_copy_of_a_schedule_is_off_and_both_can_be_deleted(visit: Visit, house: House, plan: Any) -> None:
    plan("Nightly")
    page = visit("#/schedules")
    page.get_by_role("button", name="More for Nightly").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    editor = page.get_by_role("dialog", name="Edit schedule")
    expect(editor.get_by_label("Name", exact=True)).to_have_value("Nightly (copy)")
    expect(editor.get_by_role("switch", name="Enabled")).not_to_be_checked()
    page.keyboard.press("Escape")
    for name in ("Nightly (copy)", "Nightly"):
        page.get_by_role("button", name=f"More for {name}", exact=True).click()
        page.get_by_role("menuitem", name="Delete").click()
        expect(row(page, name)).to_have_count(0)
    expect(page.get_by_role("heading", name="No schedules yet")).to_be_visible()
    assert len(house.api("GET", "schedules")) == 2
    nightly = page.get_by_role("status").filter(has_text="Deleted “Nightly”")
    nightly.get_by_role("button", name="Undo").click()
    expect(row(page, "Nightly")).to_be_visible()
    page.get_by_role("status").filter(has_text="Deleted “Nightly (copy)”").get_by_role("button", name="Close").click()
    until(lambda: [one["name"] for one in house.api("GET", "schedules")] == ["Nightly"])


def test_schedule_that_is_about_to_run_is_deleted_after_a_question(visit: Visit, house: House, plan: Any) -> None:
    plan("Now", "* * * * *")
    page = visit("#/schedules")
    page.clock.set_system_time(page.evaluate("Math.ceil(Date.now() / 60000) * 60000 - 8000"))
    page.get_by_role("button", name="More for Now").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Keep schedule").click()
    assert house.api("GET", "schedules")
    page.get_by_role("button", name="More for Now").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete schedule").click()
    expect(page.get_by_role("heading", name="No schedules yet")).to_be_visible()
    assert house.api("GET", "schedules") == []


def test_lanes_show_what_is_planned_and_who_meets_whom(visit: Visit, house: House, saved: Any, plan: Any) -> None:
    house.api("PATCH", f"prompts/{saved['id']}", {"timeout": 60})
    plan("First", "0 */6 * * *")
    second = plan(f"Second {HOSTILE}", "0 */6 * * *")
    plan("Busy", "* * * * *", workingDirectory=str(house.data))
    page = visit("#/schedules")
    lane = row(page, "First").get_by_role("img", name=re.compile("In the coming 24 hours [34] times"))
    expect(lane).to_have_accessible_name(re.compile(re.escape(f"Meets Second {HOSTILE}, first")))
    expect(lane.locator(".lane-clash").first).to_be_visible()
    expect(lane.locator(".lane-mark")).to_have_count(0)
    busy = row(page, "Busy").get_by_role("img", name=re.compile("many times from"))
    expect(busy.locator("rect.lane-band")).to_have_count(1)
    expect(busy.locator(".lane-mark")).to_have_count(0)
    note = page.get_by_role("status").filter(has_text="run at once in the same directory")
    expect(note.get_by_role("link", name="First")).to_be_visible()
    expect(row(page, "First")).to_contain_text("Meets")
    row(page, "First").get_by_role("link", name=f"Second {HOSTILE}").click()
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value(f"Second {HOSTILE}")
    page.keyboard.press("Escape")
    house.api("PATCH", f"schedules/{second['id']}", {"enabled": False})
    expect(row(page, "First")).not_to_contain_text("Meets")
    expect(note).to_be_hidden()


def test_span_of_the_lanes_lives_in_the_address(visit: Visit, plan: Any) -> None:
    plan("Daily", "0 3 * * *")
    page = visit("#/schedules")
    page.get_by_role("group", name="How far ahead").get_by_role("button", name="7 days").press("Enter")
    expect(page).to_have_url(re.compile(re.escape("#/schedules?span=7") + "$"))
    expect(row(page, "Daily").get_by_role("img", name=re.compile("In the coming 7 days 7 times"))).to_be_visible()
    expect(page.locator(".axis .is-day")).to_have_count(7)
    row(page, "Daily").get_by_role("link", name="Edit Daily").click()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(re.escape("#/schedules?span=7") + "$"))
    page.reload()
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_phone_shows_lane_and_last_run_of_a_schedule_too(visit: Visit, plan: Any) -> None:
    plan("Daily", "0 3 * * *")
    page = visit("#/schedules")
    page.get_by_role("button", name="Run Daily now").click()
    expect(row(page, "Daily")).to_contain_text("Completed")
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator(".planned .last")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("once:"))).to_be_visible()


def test_schedule_says_that_its_profile_is_locked_and_leads_to_its_history(
    visit: Visit, house: House, shell: Any, plan: Any
) -> None:
    made = plan("Nightly")
    page = visit("#/schedules")
    expect(row(page, "Nightly")).to_be_visible()
    house.api("POST", f"profiles/{shell['id']}/lock", {"reason": HOSTILE})
    expect(page.get_by_text(f"Shell is locked until somebody unlocks it: runs wait. {HOSTILE}")).to_be_visible()
    house.api("DELETE", f"profiles/{shell['id']}/lock")
    expect(page.get_by_text("Shell is locked")).to_have_count(0)
    page.get_by_role("button", name="More for Nightly").press("Enter")
    page.get_by_role("menuitem", name="History").press("Enter")
    expect(page).to_have_url(re.compile(f"#/history.*scheduleId={made['id']}"))


def test_nickname_and_fields_are_in_step_and_times_count_down(visit: Visit, plan: Any) -> None:
    made = plan("Nightly", "@daily")
    page = visit(f"#/schedules/{made['id']}")
    editor = page.get_by_role("dialog", name="Edit schedule")
    expect(editor.get_by_label("Hour", exact=True)).to_have_value("0")
    first = editor.locator(".pre-times li").first
    expect(first).to_contain_text(re.compile(r"in \d\d:\d\d:\d\d"))
    before = first.inner_text()
    expect(first).not_to_have_text(before)
    editor.get_by_role("button", name="Show 20").click()
    expect(editor.locator(".pre-times li")).to_have_count(20)
    editor.get_by_label("Hour", exact=True).fill("25")
    expect(editor.get_by_label("Expression")).to_have_value("0 25 * * *")
    expect(editor.get_by_label("Hour", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(editor.get_by_label("Minute", exact=True)).not_to_have_attribute("aria-invalid", "true")
    editor.get_by_label("Expression").fill("@hourly")
    expect(editor.get_by_role("button", name="Every hour")).to_have_attribute("aria-pressed", "true")
    expect(editor.get_by_label("Hour", exact=True)).to_have_value("*")
    expect(editor.get_by_label("Hour", exact=True)).not_to_have_attribute("aria-invalid", "true")


def test_days_of_a_schedule_are_those_of_its_zone(visit: Visit, house: House, plan: Any) -> None:
    made = plan("Nightly", timezone="Pacific/Auckland")
    page = visit(f"#/schedules/{made['id']}")
    editor = page.get_by_role("dialog", name="Edit schedule")
    editor.get_by_text("From when, until when").click()
    editor.get_by_label("First day").fill("2031-06-10")
    editor.get_by_label("Last day").fill("2031-06-11")
    expect(editor.locator(".pre-times li")).to_have_count(2)
    expect(editor.locator(".pre-times li").first).to_contain_text("Tue 10 Jun 2031 03:00")
    editor.get_by_role("button", name="Save schedule").click()
    expect(editor).to_have_count(0)
    kept = house.api("GET", f"schedules/{made['id']}")
    assert kept["startDate"].startswith("2031-06-09T12:00")
    row(page, "Nightly").get_by_role("link", name="Edit Nightly").click()
    expect(editor.get_by_label("First day")).to_have_value("2031-06-10")
    expect(editor.get_by_label("Last day")).to_have_value("2031-06-11")
