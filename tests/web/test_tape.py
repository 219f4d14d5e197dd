"""The strip on every page: what runs, how the last ones ended, what comes next, and the prompt that is run most."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit


def a_prompt(house: House, shell: Any, name: str, content: str) -> str:
    """Save a prompt, and return its id."""
    body = {"name": name, "content": content, "agentProfileId": shell["id"], "workingDirectory": str(house.folder)}
    return str(house.api("POST", "prompts", body, 201)["id"])


def a_schedule(house: House, name: str, prompt_id: str, cron: str) -> str:
    """Make a schedule, and return its id."""
    body = {"name": name, "promptId": prompt_id, "cronExpression": cron, "timezone": "UTC"}
    return str(house.api("POST", "schedules", body, 201)["id"])


def tape(page: Page) -> Any:
    """Return the strip."""
    return page.locator(".tape")


def test_strip_says_what_comes_next_and_leads_there(visit: Visit, house: House, shell: Any) -> None:
    prompt = a_prompt(house, shell, "Sweep", "true")
    page = visit("#/settings")
    expect(tape(page).locator(".tape-right")).to_be_hidden()
    a_schedule(house, "Every half hour", prompt, "*/30 * * * *")
    link = tape(page).get_by_role("link", name="Every half hour")
    expect(link).to_contain_text(re.compile(r"in 00:[0-2]\d:[0-5]\d"))
    expect(tape(page).locator(".planned")).to_have_count(12)
    link.click()
    expect(page).to_have_url(re.compile("#/schedules"))
    house.api("POST", f"schedules/{house.api('GET', 'schedules')[0]['id']}/toggle", {"enabled": False})
    expect(tape(page).get_by_role("link", name="Every half hour")).to_have_count(0)
    expect(tape(page).locator(".planned")).to_have_count(0)


def test_strip_runs_the_prompt_that_is_used_most(visit: Visit, house: House, shell: Any) -> None:
    often, seldom = a_prompt(house, shell, "Often", "echo often"), a_prompt(house, shell, "Seldom", "echo seldom")
    for prompt in (often, often, seldom):
        house.wait_for_run(house.api("POST", "run", {"promptId": prompt}, 201)["runId"])
    page = visit("#/history")
    tape(page).get_by_role("button", name="Run Often").click()
    expect(page.get_by_text(re.compile("Often is (queued|running)"))).to_be_visible()
    house.wait_for_run(house.api("GET", "runs")["runs"][0]["runId"])
    assert [run["promptName"] for run in house.api("GET", "runs")["runs"]].count("Often") == 3
    expect(tape(page).locator(".five a")).to_have_count(4)


def test_strip_when_schedules_are_paused_says_so(visit: Visit, house: House, shell: Any) -> None:
    a_schedule(house, "Hourly", a_prompt(house, shell, "Sweep", "true"), "0 * * * *")
    page = visit("#/history")
    expect(tape(page).get_by_role("link", name="Hourly")).to_be_visible()
    house.api("PUT", "settings", {"schedulesPaused": True})
    expect(tape(page).get_by_role("link", name="Schedules are paused")).to_be_visible()


def test_strip_counts_what_runs_while_it_runs(visit: Visit, house: House, start: Any) -> None:
    page = visit("#/prompts")
    run_id = start("sleep 600", wait=False)["runId"]
    running = tape(page).get_by_role("link", name="1 running")
    expect(running).to_be_visible()
    running.click()
    expect(page.locator(f"tr[data-run='{run_id}']")).to_be_visible()
    house.api("POST", f"runs/{run_id}/kill")
    expect(running).to_have_count(0)
    expect(tape(page).locator(f".five a[href*='{run_id}']")).to_be_visible()
