"""The page as people use it, in a real browser against a real server: log in, run, history, settings."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Request, expect

from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import SHELL, Visit

pytestmark = pytest.mark.browser


def test_login_link_when_opened_lets_in_and_leaves_no_code_behind(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    page.goto(house.login_link)
    expect(page.locator(".bar")).to_be_visible()
    assert "login" not in page.url
    page.reload()
    expect(page.locator(".bar")).to_be_visible()


def test_login_link_when_pasted_over_the_login_view_lets_in(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    page.goto(f"{house.url}/")
    expect(page.get_by_label("Access token")).to_be_visible()
    page.evaluate("hash => { location.hash = hash }", house.login_link.partition("#")[2])
    expect(page.locator(".bar")).to_be_visible()
    assert "login=" not in page.url


def test_login_when_the_token_is_wrong_says_so_and_stays(visit: Visit) -> None:
    page = visit(log_in=False)
    page.get_by_label("Access token").fill("air_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".field-error")).to_be_visible()
    expect(page.get_by_label("Access token")).to_have_attribute("aria-invalid", "true")


def test_first_steps_from_no_profile_to_a_finished_run(visit: Visit, house: House) -> None:
    page = visit()
    page.get_by_role("link", name="Choose an agent", exact=True).click()
    page.get_by_role("link", name="Use Shell").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Invocation template")).to_have_value('bash -c "$PROMPT"')
    expect(dialog.get_by_text("The template can be used")).to_be_visible()
    dialog.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", name="Shell")).to_be_visible()

    page.get_by_role("link", name="Run", exact=True).click()
    expect(page.get_by_text("Run a prompt to see output here")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill("for i in 1 2 3; do echo number $i; sleep 0.1; done")
    page.get_by_role("combobox", name="Working directory").fill(str(house.folder))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".ln-text", has_text="number 3")).to_be_visible()
    expect(page.locator(".vw-head .st")).to_have_text("Completed")
    expect(page.locator(".tape .five-one")).to_have_count(1)
    run = house.api("GET", "runs")["runs"][0]
    assert page.url.endswith(f"#/run/{run['runId']}")
    assert run["timeout"] == 30


@pytest.mark.usefixtures("shell")
def test_composer_when_the_server_refuses_says_why_at_the_fields(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Prompt", exact=True).fill("echo hi")
    page.get_by_role("combobox", name="Working directory").fill("/no/such/place")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("combobox", name="Working directory")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".comp .has-list .field-error")).to_contain_text("/no/such")
    page.get_by_role("combobox", name="Working directory").fill("/")
    page.locator(".timeout-number").fill("999")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".comp-timeout .field-error")).to_contain_text("60")


@pytest.mark.usefixtures("shell")
def test_run_now_when_pressed_twice_starts_one_run(visit: Visit, house: House) -> None:
    page = visit()
    page.get_by_label("Prompt", exact=True).fill("sleep 0.3")
    page.get_by_role("combobox", name="Working directory").fill("/")
    page.get_by_role("button", name="Run now").dblclick()
    expect(page.locator(".vw-head .st")).to_have_text("Completed")
    assert house.api("GET", "runs")["total"] == 1


def test_draft_when_the_page_is_left_is_there_again(visit: Visit, shell: Any) -> None:
    page = visit()
    page.get_by_label("Prompt", exact=True).fill("a long thought")
    page.reload()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a long thought")
    expect(page.get_by_text("14 characters")).to_be_visible()
    expect(page.get_by_role("combobox", name="Profile")).to_have_value(shell["id"])


def test_preview_when_markdown_holds_markup_shows_it_as_text(visit: Visit) -> None:
    page = visit()
    text = "# Head\n\n<img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org)\n\n```js\nlet a\n```"
    page.get_by_label("Prompt", exact=True).fill(text)
    page.get_by_role("tab", name="Preview").click()
    prose = page.locator(".prose")
    expect(prose.get_by_role("heading", name="Head")).to_be_visible()
    expect(prose).to_contain_text("<img src=x onerror=alert(1)>")
    assert prose.locator("img").count() == 0
    assert prose.locator("a").evaluate_all("links => links.map((a) => a.protocol)") == ["https:"]
    expect(prose.locator(".hljs-keyword")).to_have_text("let")


def test_directory_when_typed_is_completed(visit: Visit, house: House, tmp_path: Path, shell: Any) -> None:
    (tmp_path / "checkout/deeper").mkdir(parents=True)
    page = visit()
    field = page.get_by_role("combobox", name="Working directory")
    field.fill(f"{tmp_path}/che")
    page.get_by_role("option", name="checkout").wait_for()
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(f"{tmp_path}/checkout/")
    page.get_by_role("option", name="deeper").click()
    expect(field).to_have_value(f"{tmp_path}/checkout/deeper/")


def test_kill_when_sure_ends_the_run_and_says_by_whom(visit: Visit, start: Any) -> None:
    run = start("echo here; sleep 60", wait=False)
    page = visit(f"#/run/{run['runId']}")
    page.get_by_role("button", name="Kill", exact=True).click()
    page.get_by_role("button", name="Keep running").click()
    expect(page.get_by_role("button", name="Kill", exact=True)).to_be_focused()
    page.get_by_role("button", name="Kill", exact=True).click()
    page.get_by_role("button", name="Kill run").click()
    expect(page.locator(".vw-head .st")).to_have_text("Killed")
    expect(page.locator(".why.s-killed")).to_contain_text("Killed by")
    expect(page.get_by_role("button", name="Kill", exact=True)).to_be_hidden()


def test_run_started_here_when_it_fails_unseen_says_so(visit: Visit, shell: Any, house: House) -> None:
    page = visit()
    page.get_by_label("Prompt", exact=True).fill("while ! [ -e go ]; do sleep 0.02; done; exit 4")
    page.get_by_role("combobox", name="Working directory").fill(str(house.folder))
    page.get_by_role("button", name="Run now").click()
    expect(page.locator(".vw-head .st")).to_have_text("Running")
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("heading", name="Profiles")).to_be_visible()
    (house.folder / "go").touch()
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("failed")
    toast.get_by_role("button", name="View").click()
    expect(page.locator(".why.s-failed")).to_have_text(re.compile("exit code 4"))


def test_history_when_a_run_starts_elsewhere_shows_it_by_itself(visit: Visit, start: Any, house: House) -> None:
    start("exit 3")
    page = visit("#/history")
    expect(page.locator("tr[data-run]")).to_have_count(1)
    expect(page.locator("tr[data-run]")).to_contain_text("Failed")
    page.mouse.move(5, 5)
    run = start("while ! [ -e go ]; do sleep 0.02; done; echo done", wait=False)
    row = page.locator(f"tr[data-run='{run['runId']}']")
    expect(row).to_contain_text("Running")
    (house.folder / "go").touch()
    expect(row).to_contain_text("Completed")


def test_history_when_the_pointer_is_in_the_list_lets_new_rows_wait(visit: Visit, start: Any) -> None:
    start("echo old")
    page = visit("#/history")
    page.locator("tr[data-run]").hover()
    start("echo new")
    page.get_by_role("button", name="1 new run").click()
    expect(page.locator("tr[data-run]")).to_have_count(2)


def test_history_when_filtered_keeps_it_in_the_address(visit: Visit, start: Any) -> None:
    start("echo apples")
    start("echo pears; exit 1")
    page = visit("#/history")
    expect(page.locator("tr[data-run]")).to_have_count(2)
    page.get_by_label("State").select_option("failed")
    expect(page.locator("tr[data-run]")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("apples")
    expect(page.get_by_text("No runs match")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("Failed runs with “apples”. 2 runs are outside these filters.")
    assert "status=failed" in page.url and "search=apples" in page.url
    page.reload()
    expect(page.get_by_text("No runs match")).to_be_visible()
    page.locator(".notice").get_by_role("button", name="Clear filters").click()
    expect(page.locator("tr[data-run]")).to_have_count(2)
    assert "?" not in page.url


def test_history_when_a_head_is_pressed_sorts_by_it(visit: Visit, start: Any) -> None:
    start("sleep 0.4")
    start("exit 7")
    page = visit("#/history")
    codes = page.locator("tr[data-run] .c-exit")
    expect(codes).to_have_text(["7", "0"])
    page.get_by_role("button", name="Exit", exact=True).click()
    page.get_by_role("button", name="Exit", exact=True).click()
    expect(codes).to_have_text(["0", "7"])
    expect(page.get_by_role("columnheader", name="Exit")).to_have_attribute("aria-sort", "ascending")
    assert "sort=exitCode" in page.url


def test_drawer_when_opened_has_an_address_and_neighbours(visit: Visit, start: Any) -> None:
    older, newer = start("echo older"), start("echo newer")
    page = visit("#/history")
    expect(page.locator("tr[data-run]")).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".ln-text", has_text="newer")).to_be_visible()
    assert page.url.endswith(f"#/history/{newer['runId']}")
    page.keyboard.press("]")
    expect(page.locator(".ln-text", has_text="older")).to_be_visible()
    assert page.url.endswith(f"#/history/{older['runId']}")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator(f"tr[data-run='{older['runId']}'] a.c-name")).to_be_focused()


def test_run_again_when_pressed_starts_the_same_once_more(visit: Visit, house: House, start: Any) -> None:
    run = start("echo once more")
    page = visit(f"#/history/{run['runId']}")
    page.get_by_role("button", name="Run again").click()
    until(lambda: house.api("GET", "runs")["total"] == 2)
    (again,) = (found["runId"] for found in house.api("GET", "runs")["runs"] if found["runId"] != run["runId"])
    expect(page).to_have_url(f"{house.url}/#/history/{again}")
    expect(page.locator(".drawer .st").first).to_have_text("Completed")
    page.get_by_role("button", name="Edit and run").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("echo once more")


def test_session_when_it_ends_asks_again_and_keeps_what_was_typed(
    visit: Visit, context: BrowserContext, shell: Any
) -> None:
    page = visit()
    page.get_by_label("Prompt", exact=True).fill("do not lose me")
    time.sleep(0.4)  # the draft is kept a quarter of a second after the last letter
    context.clear_cookies()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("The session has ended. What you typed is kept.")).to_be_visible()
    page.get_by_label("Access token").fill("air_token-of-the-tests")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("do not lose me")


def test_banner_when_the_server_is_silent_comes_and_goes(visit: Visit, context: BrowserContext) -> None:
    page = visit()
    context.set_offline(True)
    banner = page.locator(".banner")
    expect(banner).to_contain_text("The server does not answer since", timeout=10_000)
    expect(banner).to_contain_text("What you type is kept")
    expect(banner.get_by_role("button", name="Try now")).to_be_visible()
    context.set_offline(False)
    expect(banner).to_have_count(0)


def test_tabs_of_one_browser_share_one_long_poll(visit: Visit, context: BrowserContext, start: Any) -> None:
    polling: list[Any] = []
    context.on("request", lambda request: polling.append(request.frame.page) if _is_poll(request) else None)
    first, second = visit("#/history"), visit("#/history")
    run = start("sleep 0.2; echo shared")
    for page in (first, second):
        expect(page.locator(f"tr[data-run='{run['runId']}']")).to_contain_text("Completed")
    assert set(polling) == {first}
    first.close()
    other = start("echo the next leader")
    expect(second.locator(f"tr[data-run='{other['runId']}']")).to_contain_text("Completed")
    assert second in polling


def _is_poll(request: Request) -> bool:
    return "/events?" in request.url and re.search(r"[?&]wait=[1-9]", request.url) is not None


def test_viewer_role_when_logged_in_may_look_and_not_run(visit: Visit, house: House, shell: Any) -> None:
    token = house.api("POST", "tokens", {"name": "eyes", "role": "viewer"}, 201)["token"]
    page = visit(token=token)
    expect(page.get_by_role("button", name="Run now")).to_be_disabled()
    page.goto(f"{house.url}/#/settings/tokens")
    expect(page.get_by_text("Only an administrator may see and make tokens.")).to_be_visible()


def test_page_below_a_base_path_works(context: BrowserContext, tmp_path: Path) -> None:
    with House(tmp_path / "below", "--base-path", "/tools/air") as house:
        house.api("POST", "profiles", SHELL, 201)
        page = context.new_page()
        page.goto(house.login_link)
        expect(page.locator(".bar")).to_be_visible()
        page.get_by_label("Prompt", exact=True).fill("echo below")
        page.get_by_role("combobox", name="Working directory").fill("/")
        page.get_by_role("button", name="Run now").click()
        expect(page.locator(".ln-text", has_text="below")).to_be_visible()
        assert "/tools/air/#/run/" in page.url
