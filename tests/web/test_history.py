"""History as people use it: found by filters, selected, taken as a file, kept, run again, compared."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from airunner.base.clock import SystemClock
from airunner.base.ids import Ids
from airunner.domain.run import new_run
from tests.helpers.runs import keep_runs
from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser

HOSTILE = '=<img src=x onerror="document.title=1">'
STATES = ("completed", "failed", "timeout", "killed")
SORTED = ["State", "Prompt", "Trigger", "Profile", "Directory", "Started", "Took", "Exit"]
DAY = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def old_house(tmp_path: Path) -> Iterator[House]:
    """A server with 130 runs of earlier days, many of which are alike in all but their time."""
    running = House(tmp_path / "house")
    ids = Ids(SystemClock())
    folders = [tmp_path / f"work/{number}" for number in range(3)]
    for folder in folders:
        folder.mkdir(parents=True)
    runs = []
    for number in range(130):
        at = DAY + timedelta(hours=number)
        runs.append(new_run(
            runId=ids.new(), queuedAt=at, startedAt=at, finishedAt=at, durationSeconds=number % 7, exitCode=number % 3,
            status=STATES[number % 4], promptName=f"Name {number % 5}", promptContent="echo", timeout=1,
            agentProfileId="p", agentProfileName=f"Profile {number % 2}", workingDirectory=str(folders[number % 3]),
            triggeredBy=("manual", "schedule")[number % 2],
        ))  # fmt: skip
    keep_runs(running, runs)
    with running:
        yield running


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The server that a page is of: the old one where a test asks for it."""
    if "old_house" in request.fixturenames:
        yield request.getfixturevalue("old_house")
        return
    with House(tmp_path / "house") as running:
        yield running


def rows(page: Page) -> Locator:
    """Return the rows of runs."""
    return page.locator("tr[data-run]")


def row(page: Page, run: Any) -> Locator:
    """Return the row of a run."""
    return page.locator(f"tr[data-run='{run['runId']}']")


def pick(page: Page, run: Any, **how: Any) -> None:
    """Press the box of a run's row."""
    row(page, run).get_by_role("checkbox").click(**how)


def downloaded(page: Page, press: Locator) -> tuple[str, str]:
    """Return the name and the text of the file that a press brings."""
    with page.expect_download() as caught:
        press.click()
    return caught.value.suggested_filename, Path(caught.value.path()).read_bytes().decode()


def test_columns_when_their_heads_are_pressed_sort_both_ways_and_all_pages_follow(
    visit: Visit, old_house: House
) -> None:
    page = visit("#/history")
    expect(page.locator(".head-count")).to_have_text("130 runs")
    for name in SORTED:
        head = page.get_by_role("columnheader", name=name)
        ways = []
        for _ in range(2):
            head.get_by_role("button").click()
            query = re.search(r"sort=([^&]*)", page.url)
            asked = query[1] if query else "-queuedAt"
            ways.append("descending" if asked.startswith("-") else "ascending")
            expect(head).to_have_attribute("aria-sort", ways[-1])
            wanted = old_house.api("GET", f"runs?limit=200&sort={asked}")["runs"]
            page.locator(".list").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
            expect(rows(page)).to_have_count(130)
            shown = rows(page).evaluate_all("(all) => all.map((one) => one.dataset.run)")
            assert shown == [run["runId"] for run in wanted], f"{name} {asked}"
        assert sorted(ways) == ["ascending", "descending"], name


def test_filters_when_set_narrow_the_list_and_live_in_the_address(
    visit: Visit, old_house: House, tmp_path: Path
) -> None:
    folder = str(tmp_path / "work/1")
    page = visit("#/history")
    page.get_by_label("Directory", exact=True).select_option(folder)
    expect(page.locator(".head-count")).to_have_text("43 runs")
    page.get_by_label("Time", exact=True).select_option("Between…")
    expect(page.get_by_text("No runs match")).to_be_visible()
    page.get_by_label("From", exact=True).fill("2026-03-10T00:00")
    page.get_by_label("To", exact=True).fill("2026-03-10T23:59")
    expect(page.locator(".head-count")).to_have_text("8 runs")
    expect(page.locator(".day th")).to_have_text(["Tue 10 Mar"])
    assert "from=2026-03-10T00%3A00Z&to=2026-03-10T23%3A59Z" in page.url
    page.reload()
    expect(page.locator(".head-count")).to_have_text("8 runs")
    expect(page.get_by_label("To", exact=True)).to_have_value("2026-03-10T23:59")
    page.get_by_label("To", exact=True).fill("2026-03-09T00:00")
    expect(page.get_by_text("“To” is before “From”.")).to_be_visible()
    page.get_by_label("To", exact=True).fill("")
    expect(page.locator(".head-count")).not_to_have_text("8 runs")
    page.get_by_role("button", name="Kept", exact=True).click()
    notice = page.locator(".notice")
    said = f"Runs in {folder} that are kept for ever, since Tue 10 Mar 00:00. 130 runs are outside these filters."
    expect(notice).to_contain_text(said)
    notice.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".head-count")).to_have_text("130 runs")
    assert "?" not in page.url


def test_prompt_and_schedule_in_the_address_are_filters_with_their_names(
    visit: Visit, house: House, start: Any, shell: Any
) -> None:
    body = {"content": "true", "agentProfileId": shell["id"], "workingDirectory": str(house.folder)}
    prompt = house.api("POST", "prompts", {"name": HOSTILE, **body}, 201)
    plan = {"name": "Nightly", "promptId": prompt["id"], "cronExpression": "@yearly"}
    schedule = house.api("POST", "schedules", plan, 201)
    by_hand = house.wait_for_run(house.api("POST", "run", {"promptId": prompt["id"]}, 201)["runId"])
    planned = house.wait_for_run(house.api("POST", f"schedules/{schedule['id']}/run", {}, 201)["runId"])
    start("echo other")
    page = visit(f"#/history?promptId={prompt['id']}")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name=f"Prompt {HOSTILE}: remove this filter")).to_be_visible()
    page.goto(f"{house.url}/#/history?scheduleId={schedule['id']}")
    expect(rows(page)).to_have_count(1)
    expect(row(page, planned)).to_be_visible()
    expect(row(page, by_hand)).to_have_count(0)
    page.get_by_role("button", name="Schedule Nightly: remove this filter").click()
    expect(rows(page)).to_have_count(3)
    page.goto(f"{house.url}/#/history?promptId={prompt['id']}&status=failed")
    expect(page.locator(".notice")).to_contain_text(f"Failed runs of the prompt “{HOSTILE}”.")


def test_filters_on_a_phone_are_behind_their_button(visit: Visit, start: Any) -> None:
    start("echo one")
    page = visit("#/history?from=2026-01-01T00:00Z")
    page.set_viewport_size({"width": 360, "height": 740})
    button = page.get_by_role("button", name="Filters", exact=True)
    expect(page.get_by_label("Directory", exact=True)).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    for label in ("Directory", "From", "To"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_selection_by_keys_and_ranges_becomes_a_file(visit: Visit, house: House, start: Any) -> None:
    runs = [start(f"echo {HOSTILE.replace('<', '').replace('>', '')} {n}") for n in range(4)]
    named = house.api("POST", "prompts", {"name": HOSTILE, "content": "echo hi", "agentProfileId": "shell"}, 201)
    body = {"promptId": named["id"], "workingDirectory": str(house.folder)}
    runs.append(house.wait_for_run(house.api("POST", "run", body, 201)["runId"]))
    page = visit("#/history")
    expect(rows(page)).to_have_count(5)
    bar = page.get_by_role("region", name="Selection")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 selected")
    pick(page, runs[2], modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected")
    pick(page, runs[3], modifiers=["Shift"])
    expect(bar).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    pick(page, runs[4])
    pick(page, runs[1])
    bar.get_by_role("button", name="Export").click()
    name, text = downloaded(page, page.get_by_role("menuitem", name="JSON"))
    assert re.fullmatch(r"airunner-runs-\d{4}-\d\d-\d\d\.json", name)
    assert [run["runId"] for run in json.loads(text)] == [runs[4]["runId"], runs[1]["runId"]]
    bar.get_by_role("button", name="Export").click()
    name, text = downloaded(page, page.get_by_role("menuitem", name="CSV"))
    assert name.endswith(".csv")
    assert [one["promptName"] for one in csv.DictReader(io.StringIO(text))] == [f"'{HOSTILE}", ""]
    page.get_by_label("Select all that are shown").click()
    expect(bar).to_contain_text("5 selected")


def test_export_of_the_head_has_all_that_match(visit: Visit, old_house: House) -> None:
    page = visit("#/history?status=failed&sort=durationSeconds")
    expect(page.locator(".head-count")).to_have_text("33 runs")
    page.get_by_role("button", name="Export").click()
    menu = page.get_by_role("menu", name="Export all runs that match")
    expect(menu).to_contain_text("33 runs")
    _, text = downloaded(page, menu.get_by_role("menuitem", name="JSON"))
    found = json.loads(text)
    assert len(found) == 33 and {run["status"] for run in found} == {"failed"}
    assert [run["durationSeconds"] for run in found] == sorted(run["durationSeconds"] for run in found)


def test_keep_marks_the_runs_and_can_be_undone(visit: Visit, house: House, start: Any) -> None:
    runs = [start("echo one"), start("echo two")]
    page = visit("#/history")
    for run in runs:
        pick(page, run)
    bar = page.get_by_role("region", name="Selection")
    bar.get_by_role("button", name="Keep", exact=True).click()
    expect(row(page, runs[0])).to_contain_text("Kept for ever")
    expect(bar.get_by_role("button", name="Do not keep")).to_be_visible()
    assert all(run["pinned"] for run in house.api("GET", "runs")["runs"])
    toast = page.locator(".toast", has_text="2 runs are kept for ever")
    toast.get_by_role("button", name="Undo").click()
    expect(row(page, runs[1])).not_to_contain_text("Kept for ever")
    until(lambda: not any(run["pinned"] for run in house.api("GET", "runs")["runs"]))


def test_run_again_from_a_row_stays_in_the_list(visit: Visit, house: House, start: Any) -> None:
    first = start("echo again and again")
    page = visit("#/history")
    row(page, first).hover()
    page.get_by_role("button", name="Run echo again and again again").click()
    page.get_by_role("button", name="1 new run").click()
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("Shift+R")
    until(lambda: house.api("GET", "runs")["total"] == 3)
    toast = page.locator(".toast", has_text="echo again and again").first
    toast.get_by_role("button", name="View").click()
    expect(page.locator(".drawer")).to_be_visible()
    page.keyboard.press("Escape")
    row(page, first).locator("a.c-name").focus()
    page.keyboard.press("e")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("echo again and again")


def test_viewer_sees_all_and_is_offered_nothing_that_it_may_not_do(visit: Visit, house: House, start: Any) -> None:
    runs = [start("echo one"), start("echo two")]
    token = house.api("POST", "tokens", {"name": "looks", "role": "viewer"}, 201)["token"]
    page = visit("#/history", token=token)
    for run in runs:
        pick(page, run)
    bar = page.get_by_role("region", name="Selection")
    expect(bar.get_by_role("button", name="Compare")).to_be_enabled()
    expect(bar.get_by_role("button", name="Keep")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Run .* again$"))).to_have_count(0)
    row(page, runs[0]).locator("a.c-name").focus()
    page.keyboard.press("Shift+R")
    bar.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare two runs")).to_be_visible()
    assert house.api("GET", "runs")["total"] == 2


def test_two_runs_compared_show_what_differs(visit: Visit, house: House, start: Any) -> None:
    first = start("seq 1 40; echo it took 3 s; seq 1 20; echo '<b>end</b>'")
    second = start("seq 1 40; echo it took 14 s; seq 1 20; echo '<i>end</i>'; exit 3")
    page = visit("#/history?sort=exitCode")
    pick(page, second)
    bar = page.get_by_role("region", name="Selection")
    compare = bar.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    expect(compare).to_have_attribute("title", re.compile("select exactly two"))
    pick(page, first)
    compare.click()
    expect(page).to_have_url(re.compile(rf"#/history/compare/{first['runId']}/{second['runId']}\?sort=exitCode$"))
    state = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="State"))
    expect(state).to_contain_text("differs")
    expect(state).to_contain_text("Completed")
    expect(state).to_contain_text("Failed")
    same = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Directory"))
    expect(same).not_to_contain_text("differs")
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("2 lines only in the first, 2 lines only in the second, 60 lines equal")
    expect(output.locator(".is-removed .df-text")).to_contain_text(["it took 3 s", "<b>end</b>"])
    expect(output.locator(".is-added .df-text")).to_contain_text(["it took 14 s", "<i>end</i>"])
    output.get_by_role("button", name="37 equal lines").click()
    expect(output.locator(".df-line").first.locator(".df-text")).to_have_text("1")
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(output.get_by_label("Change 2 of 2")).to_have_text("2 / 2")
    expect(output.locator(".is-now")).to_contain_text("<b>end</b>")
    page.keyboard.press("N")
    expect(output.locator(".is-now")).to_contain_text("it took 3 s")
    output.get_by_label("Ignore times and numbers").first.click()
    expect(output).to_contain_text("1 line only in the first, 1 line only in the second, 61 lines equal")
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile(rf"#/history/compare/{second['runId']}/{first['runId']}\?"))
    expect(output.locator(".is-added .df-text").first).to_contain_text("it took 3 s")
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"#/history\?sort=exitCode$"))
    expect(bar).to_contain_text("2 selected")


def test_two_runs_that_are_alike_say_so_and_one_that_runs_is_read_at_its_end(
    visit: Visit, house: House, start: Any
) -> None:
    first = start("echo same")
    page = visit(f"#/history/compare/{first['runId']}/{first['runId']}")
    expect(page.get_by_role("region", name="Output")).to_contain_text("The same, 1 line")
    expect(page.get_by_role("region", name="Prompt")).to_contain_text("The same, 1 line")
    live = start("echo same; while ! [ -e go ]; do sleep 0.02; done; echo late", wait=False)
    page.goto(f"{house.url}/#/history/compare/{first['runId']}/{live['runId']}")
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("has not ended: this is its output so far.")
    (house.folder / "go").touch()
    expect(output).to_contain_text("1 line only in the second, 1 line equal")
    expect(output).not_to_contain_text("has not ended")


def test_comparison_when_a_run_is_unknown_says_so_and_leads_back(visit: Visit, start: Any) -> None:
    first = start("echo one")
    page = visit(f"#/history/compare/{first['runId']}/nothing")
    expect(page.get_by_role("alert")).to_contain_text("There is no run 'nothing'")
    page.get_by_role("link", name="History").last.click()
    expect(rows(page)).to_have_count(1)


def test_long_outputs_that_differ_everywhere_are_only_drawn_as_far_as_one_looks(visit: Visit, start: Any) -> None:
    runs = [start(f"seq 1 9000 | sed 's/$/ {word}/'") for word in ("apple", "pear")]
    page = visit(f"#/history/compare/{runs[0]['runId']}/{runs[1]['runId']}")
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("9,000 lines only in the first, 9,000 lines only in the second")
    expect(output.locator(".df-line")).to_have_count(1500)
    output.get_by_role("button", name="Show more, 16,500 lines left").click()
    expect(output.locator(".df-line")).to_have_count(3000)
