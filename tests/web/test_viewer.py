"""The output viewer in a real browser: long logs, search, selection, terminal mode, live output."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser


def drawn(page: Page) -> int:
    """Return how many lines exist in the page."""
    return page.locator(".ln").count()


def line_in_sight(page: Page) -> int:
    """Return the number of the line in the middle of the log."""
    return page.evaluate(
        """() => {
          const log = document.querySelector(".log").getBoundingClientRect();
          const at = document.elementFromPoint(log.left + 200, log.top + log.height / 2);
          return Number(at.closest(".ln").dataset.line) + 1;
        }"""
    )


def test_long_log_when_scrolled_draws_only_what_is_seen(visit: Visit, start: Any) -> None:
    run = start("seq 1 200000")
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("200,000 lines", timeout=30_000)
    assert drawn(page) < 120
    page.locator(".log").focus()
    page.keyboard.press("Shift+G")
    expect(page.locator(".ln-text", has_text="200000")).to_be_visible()
    assert drawn(page) < 120
    page.evaluate("document.querySelector('.log').scrollTop = 18 * 99999")
    expect(page.locator('.ln[data-line="99999"] .ln-text')).to_have_text("100000\n")
    page.keyboard.press("g")
    page.keyboard.press("g")
    expect(page.locator('.ln[data-line="0"]')).to_be_in_viewport()


def test_scrolling_a_long_log_keeps_frames_short(visit: Visit, start: Any) -> None:
    run = start('for i in $(seq 1 40000); do echo "$i a line that is a little longer than the others "; done')
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("40,000 lines", timeout=30_000)
    spent = page.evaluate(
        """async () => {
          const log = document.querySelector(".log");
          const spent = [];
          for (let step = 0; step < 60; step += 1) {
            log.scrollTop += 700;
            await new Promise((done) => requestAnimationFrame(done));
            const from = performance.now();
            await new Promise((done) => requestAnimationFrame(done));
            spent.push(performance.now() - from);
          }
          return spent.sort((a, b) => a - b)[Math.floor(spent.length / 2)];
        }"""
    )
    assert spent < 100, f"half of the frames took over {spent:.0f} ms"


def test_wrapped_lines_when_scrolled_stay_in_place(visit: Visit, start: Any) -> None:
    run = start(
        "awk 'BEGIN { for (i = 1; i <= 3000; i++) { s = i; for (j = 0; j < i % 60; j++) s = s \" word\"; print s } }'"
    )
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("3,000 lines")
    for share in (0.3, 0.6, 0.9):
        page.evaluate(
            "(share) => { const log = document.querySelector('.log'); log.scrollTop = log.scrollHeight * share; }",
            share,
        )
        page.wait_for_timeout(500)  # some frames of a busy browser: draw, then settle
        before = line_in_sight(page)
        page.wait_for_timeout(120)
        assert line_in_sight(page) == before
    tops = page.evaluate(
        "() => [...document.querySelectorAll('.ln')].map((row) => row.getBoundingClientRect()).map((at) => [at.top, at.bottom])"
    )
    assert all(abs(above[1] - below[0]) < 1 for above, below in zip(tops, tops[1:], strict=False))


def test_search_when_typed_counts_marks_and_steps(visit: Visit, start: Any) -> None:
    run = start("seq 1 5000; echo 'Retry (now)'; echo retry retry")
    page = visit(f"#/history/{run['runId']}")
    page.locator(".ln").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("retry")
    expect(page.locator(".tally")).to_have_text("1 / 3")
    expect(page.locator("mark.is-now")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".tally")).to_have_text("2 / 3")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".tally")).to_have_text("1 / 3")
    field = page.get_by_label("Find in output")
    field.fill("(")
    expect(page.locator(".tally")).to_have_text("1 / 1")
    page.get_by_role("button", name="Regular expression").click()
    expect(page.locator(".find-error")).to_be_visible()
    field.fill("^retry")
    expect(page.locator(".tally")).to_have_text("1 / 2")
    field.fill("nowhere")
    expect(page.locator(".tally")).to_have_text("none")


def test_lines_when_chosen_are_in_the_address_and_are_copied(visit: Visit, context: BrowserContext, start: Any) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = start("seq 1 100")
    page = visit(f"#/history/{run['runId']}")
    page.locator('.ln[data-line="4"] .ln-nr').click()
    page.locator('.ln[data-line="6"] .ln-nr').click(modifiers=["Shift"])
    assert page.url.endswith("/L5-L7")
    page.locator(".log").focus()
    page.keyboard.press("y")
    expect(page.get_by_text("Copied 3 lines")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "5\n6\n7"
    linked = visit(f"#/history/{run['runId']}/L80-L82")
    expect(linked.locator(".ln.is-selected")).to_have_count(3)
    expect(linked.locator('.ln[data-line="79"]')).to_be_in_viewport()


def test_log_when_downloaded_is_the_clean_text(visit: Visit, start: Any) -> None:
    run = start("printf 'a\\rb\\n\\e[31mred\\e[0m\\n'")
    page = visit(f"#/history/{run['runId']}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download .log").click()
    assert waiting.value.path().read_text() == "b\nred\n"
    assert waiting.value.suggested_filename.endswith(".log")


def test_live_output_is_followed_until_somebody_scrolls(visit: Visit, start: Any, house: House) -> None:
    run = start("seq 1 300; while ! [ -e go ]; do echo more; sleep 0.05; done; echo the last", wait=False)
    page = visit(f"#/run/{run['runId']}")
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".ln").last).to_contain_text("more")
    expect(page.locator(".ln").last).to_be_in_viewport()
    page.locator(".log").hover()
    page.mouse.wheel(0, -3000)
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    pill = page.locator(".b-pill")
    expect(pill).to_have_text(re.compile(r"\d+ new lines?"))
    pill.click()
    (house.folder / "go").touch()
    expect(page.locator(".ln", has_text="the last")).to_be_in_viewport()
    expect(page.locator(".vw-head .st")).to_have_text("Completed")


def test_progress_that_redraws_its_line_stays_one_line(visit: Visit, start: Any) -> None:
    run = start("for i in $(seq 0 10 100); do printf '\\r%d%%' $i; sleep 0.05; done; echo; echo end", wait=False)
    page = visit(f"#/run/{run['runId']}")
    expect(page.locator(".ln-text", has_text="end")).to_be_visible()
    expect(page.locator(".ln")).to_have_count(2)
    expect(page.locator('.ln[data-line="0"] .ln-text')).to_have_text("100%\n")


def test_styles_of_a_program_are_drawn_and_markup_is_text(visit: Visit, start: Any) -> None:
    run = start("printf '\\e[1;31mred\\e[0m \\e[38;5;208mnumber\\e[0m \\e[38;2;1;2;3mtrue\\e[0m <b>not bold</b>\\n'")
    page = visit(f"#/history/{run['runId']}")
    line = page.locator('.ln[data-line="0"] .ln-text')
    expect(line).to_have_text("red number true <b>not bold</b>\n")
    assert line.locator("b").count() == 0
    assert line.locator(".f-1.a-bold").inner_text() == "red"
    assert line.locator("span", has_text="number").evaluate("one => one.style.color") != ""


def test_terminal_mode_draws_colours_under_the_policy(visit: Visit, start: Any) -> None:
    run = start("printf '\\e[32mgreen\\e[0m \\e[38;2;200;60;60mtrue\\e[0m \\e[5;10Hmoved\\n'")
    page = visit(f"#/history/{run['runId']}")
    page.get_by_role("button", name="Terminal").click()
    rows = page.locator(".xterm-rows")
    expect(rows).to_contain_text("green true")
    expect(rows).to_contain_text("moved")
    colour = "one => getComputedStyle(one).color"
    assert rows.locator("span", has_text="true").first.evaluate(colour) == "rgb(200, 60, 60)"
    assert rows.locator("span", has_text="green").first.evaluate(colour) == "rgb(30, 110, 52)"
    expect(page.locator(".term-size")).to_have_text("120 × 40")
    page.get_by_label("Find in output").fill("moved")
    expect(page.locator(".tally")).to_have_text("1 / 1")
    page.get_by_role("button", name="Clean", exact=True).click()
    expect(page.locator(".ln-text", has_text="moved")).to_be_visible()
    assert page.evaluate("Object.hasOwn(document, 'createElement')") is False


def test_full_screen_when_left_by_escape_returns(visit: Visit, start: Any) -> None:
    run = start("echo wide")
    page = visit(f"#/history/{run['runId']}")
    page.locator(".ln").first.wait_for()
    page.keyboard.press("Shift+F")
    assert page.locator(".vw").bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 800}
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_be_visible()
    assert page.locator(".vw").bounding_box()["y"] > 0  # type: ignore[index]


@pytest.mark.slow
def test_millions_of_lines_can_be_scrolled_to_the_last(visit: Visit, start: Any) -> None:
    run = start("yes | head -n 1500000")
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("1,500,000 lines", timeout=60_000)
    page.locator(".log").focus()
    page.keyboard.press("Shift+G")
    expect(page.locator('.ln[data-line="1499999"]')).to_be_in_viewport()
    assert drawn(page) < 120
    page.keyboard.press("l")
    page.get_by_label("Line, 1 to 1,500,000").fill("750001")
    page.keyboard.press("Enter")
    expect(page.locator('.ln[data-line="750000"].is-selected')).to_be_in_viewport()


def test_run_that_is_not_there_says_so_and_can_be_left(visit: Visit) -> None:
    page = visit("#/history/01m82kmppj19v40e3shx")
    expect(page.get_by_text("The run could not be read")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".drawer")).to_have_count(0)


def test_run_when_kept_stays_for_ever(visit: Visit, house: House, start: Any) -> None:
    run = start("echo keep me")
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("Kept until")
    page.get_by_role("button", name="Keep for ever").click()
    expect(page.locator(".vw-foot")).to_contain_text("Kept for ever")
    expect(page.get_by_role("button", name="Keep for ever")).to_have_attribute("aria-pressed", "true")
    assert house.api("GET", f"runs/{run['runId']}")["pinned"] is True
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="Keep for ever").click()
    expect(page.locator(".vw-foot")).to_contain_text("Kept until")


def test_ten_megabytes_are_read_searched_and_gone_through(visit: Visit, start: Any) -> None:
    line = 'printf "line %06d of a log of ten megabytes, told in full%s\\n", i, i % 1000 ? "" : " and a landmark"'
    run = start(f"awk 'BEGIN {{ for (i = 1; i <= 180000; i++) {line} }}'")
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator('.ln[data-line="0"] .ln-text')).to_have_text(re.compile("^line 000001 of"))
    expect(page.locator(".vw-foot")).to_contain_text("180,000 lines", timeout=60_000)
    page.get_by_label("Find in output").fill("landmark")
    expect(page.locator(".tally")).to_have_text("1 / 180")
    expect(page.locator("mark.is-now")).to_be_in_viewport()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".tally")).to_have_text("180 / 180")
    expect(page.locator('.ln[data-line="179999"].is-hit')).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.get_by_label("Line, 1 to 180,000").fill("123456")
    page.keyboard.press("Enter")
    chosen = page.locator('.ln[data-line="123455"].is-selected')
    expect(chosen).to_be_in_viewport()
    expect(chosen.locator(".ln-text")).to_have_text(re.compile("^line 123456 of"))
    page.locator(".log").focus()
    page.keyboard.press("Shift+G")
    expect(page.locator('.ln[data-line="179999"]')).to_be_in_viewport()


def test_long_line_is_drawn_in_parts_and_searched_whole(visit: Visit, context: BrowserContext, start: Any) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = start(
        "head -c 50000 /dev/zero | tr '\\0' x; printf 'needle'; head -c 50000 /dev/zero | tr '\\0' y; echo; echo next"
    )
    page = visit(f"#/history/{run['runId']}")
    text = page.locator('.ln[data-line="0"] .ln-text')
    expect(text).to_have_text("x" * 4000 + "\n")
    page.get_by_label("Find in output").fill("needle")
    expect(page.locator(".tally")).to_have_text("1 / 1")
    expect(page.locator("mark.is-now")).to_be_in_viewport()
    before = page.get_by_role("button", name="48,000 more characters of this line before")
    before.focus()
    page.keyboard.press("Enter")
    expect(text).to_have_text("x" * 4000 + "\n")
    expect(page.get_by_role("button", name="44,000 more characters of this line before")).to_be_focused()
    page.locator(".log").focus()
    page.keyboard.press("y")
    expect(page.get_by_text("Copied 2 lines")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "x" * 50000 + "needle" + "y" * 50000 + "\nnext"


def test_pattern_that_takes_for_ever_is_given_up_and_the_page_stays_awake(visit: Visit, start: Any) -> None:
    run = start("printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\\n'; seq 1 100")
    page = visit(f"#/history/{run['runId']}")
    page.get_by_role("button", name="Regular expression").click()
    field = page.get_by_label("Find in output")
    field.fill("(a+)+$")
    expect(page.locator(".find-error")).to_contain_text("This takes too long here.")
    field.fill("^9\\d?$")
    expect(page.locator(".tally")).to_have_text("1 / 11")


def test_output_when_downloaded_from_the_menu_comes_in_four_forms(visit: Visit, start: Any) -> None:
    run = start("printf '\\e[31mred\\e[0m\\n'")
    page = visit(f"#/history/{run['runId']}")
    page.locator(".ln").first.wait_for()
    signs = {"Download .log": "red\n", "Download raw bytes": "\x1b[31mred", "Download recording": '"version"',
             "Download as JSON": '"runId"'}  # fmt: skip
    for name, sign in signs.items():
        page.get_by_role("button", name="More", exact=True).click()
        with page.expect_download() as waiting:
            page.get_by_role("menuitem", name=name).click()
        assert sign in waiting.value.path().read_bytes().decode()


def test_link_to_lines_is_copied_where_they_are_chosen(visit: Visit, context: BrowserContext, start: Any) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    run = start("seq 1 500")
    page = visit(f"#/run/{run['runId']}")
    page.locator('.ln[data-line="9"] .ln-nr').click()
    page.locator('.ln[data-line="11"] .ln-nr').click(modifiers=["Shift"])
    page.get_by_role("button", name="Copy link to L10 to L12").click()
    expect(page.get_by_role("button", name="Copied the link")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith(f"#/history/{run['runId']}/L10-L12")
    page.goto(link)
    expect(page.locator(".ln.is-selected")).to_have_count(3)
