"""Blocks of the output in a real browser: code, diffs and JSON in colours, long ones folded."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit
from tests.web.test_access import faults

pytestmark = pytest.mark.browser

CODE = ["```python", "def greet(name):", '    """Say hello', '    to somebody."""', '    return f"Hello {name}"', "```"]
DIFF = ["diff --git a/x.py b/x.py", "--- a/x.py", "+++ b/x.py", "@@ -1,2 +1,2 @@", " import os", "-old = 1", "+new = 2"]
RECORD = json.dumps({"level": "info", "count": 3, "last": None})
BLOCK = ["Read(notes.txt)", *(f"  note {nr} of the file" for nr in range(1, 101))]
TEXTS = ["I looked at it.", *CODE, *DIFF, RECORD, *BLOCK, "Done."]
HEAD = TEXTS.index(BLOCK[0])


def printing(lines: list[str]) -> str:
    """Return a shell script that prints lines."""
    return f"printf '%s\\n' {' '.join(shlex.quote(line) for line in lines)}"


def row(page: Page, line: int) -> Any:
    """Return what is drawn of a line, which is counted from 0."""
    return page.locator(f'.ln[data-line="{line}"]')


def test_code_diffs_and_json_are_coloured_and_stay_the_same_text(
    visit: Visit, context: BrowserContext, start: Any
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit(f"#/history/{start(printing(TEXTS))['runId']}")
    expect(row(page, 2).locator(".hljs-keyword")).to_have_text("def")
    expect(row(page, 4).locator(".hljs-string")).to_have_text('    to somebody."""')
    expect(page.locator(".ln-text.is-added")).to_have_text("+new = 2\n")
    expect(page.locator(".ln-text.is-removed")).to_have_text("-old = 1\n")
    expect(page.locator(".ln-text.is-hunk")).to_have_count(1)
    record = row(page, TEXTS.index(RECORD))
    assert record.locator(".hljs-attr").all_inner_texts() == ['"level"', '"count"', '"last"']
    expect(record.locator(".hljs-number")).to_have_text("3")
    assert page.locator(".ln-text").all_text_contents()[: HEAD + 1] == [f"{text}\n" for text in TEXTS[: HEAD + 1]]
    page.locator(".log").focus()
    page.keyboard.press("y")
    expect(page.get_by_text(f"Copied {len(TEXTS)} lines")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(TEXTS)
    page.keyboard.press("/")
    page.keyboard.type("def greet")
    assert row(page, 2).locator("mark").all_inner_texts() == ["def", " ", "greet"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_coloured_and_folded_lines(visit: Visit, start: Any, theme: Any) -> None:
    page = visit(f"#/history/{start(printing(TEXTS))['runId']}/L3-L4")
    page.emulate_media(color_scheme=theme)
    page.locator(".hljs-keyword").first.wait_for()
    page.get_by_label("Find in output").fill("o")
    expect(page.locator(".ln-fold")).to_contain_text("200 matches")
    assert faults(page) == []


def test_highlighter_is_loaded_when_code_is_seen_and_not_before(visit: Visit, start: Any) -> None:
    asked: list[str] = []
    page = visit()
    page.on("request", lambda request: asked.append(request.url))
    run = start(printing(["text", "```", "plain", "```", *DIFF, RECORD, *(["more"] * 300), *CODE]))
    page.goto(f"{page.url.split('#')[0]}#/history/{run['runId']}")
    expect(page.locator(".ln-text.is-added")).to_be_visible()
    assert [url for url in asked if "highlight" in url] == []
    page.locator(".log").focus()
    page.keyboard.press("Shift+G")
    expect(page.locator(".hljs-keyword").first).to_have_text("def")
    assert len([url for url in asked if "highlight" in url]) == 1


def test_colours_of_a_program_go_before_those_of_the_syntax(visit: Visit, start: Any) -> None:
    run = start(r"""printf '\e[35m{"a": 1}\e[0m\n{"b": 2}\n'""")
    page = visit(f"#/history/{run['runId']}")
    expect(row(page, 1).locator(".hljs-number")).to_have_text("2")
    expect(row(page, 0).locator(".f-5")).to_have_text('{"a": 1}')
    expect(row(page, 0).locator("[class^=hljs]")).to_have_count(0)


def test_long_block_of_an_ended_run_is_folded_and_opens(visit: Visit, start: Any) -> None:
    page = visit(f"#/history/{start(printing(TEXTS))['runId']}")
    fold = page.locator(".ln-fold")
    expect(fold).to_have_text("Show 100 lines")
    expect(row(page, HEAD + 1)).to_have_count(0)
    expect(row(page, HEAD + 101).locator(".ln-nr")).to_have_text(str(HEAD + 102))
    fold.click()
    expect(fold).to_have_text("Hide 100 lines")
    expect(fold).to_be_focused()
    expect(row(page, HEAD + 1)).to_be_visible()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    page.locator(".log").focus()
    page.keyboard.press("z")
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.locator(".log").evaluate("(log, top) => { log.scrollTop = top; }", 18 * (HEAD + 50))
    expect(row(page, HEAD + 60)).to_be_in_viewport()
    page.keyboard.press("z")
    expect(fold).to_be_in_viewport()
    expect(row(page, HEAD + 1)).to_have_count(0)


def test_fold_that_was_opened_is_open_when_its_run_is_opened_again(visit: Visit, start: Any) -> None:
    run = start(printing(TEXTS))
    page = visit(f"#/history/{run['runId']}")
    page.locator(".ln-fold").click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".ln")).to_have_count(0)
    page.goto(f"{page.url.split('#')[0]}#/history/{run['runId']}")
    expect(page.locator(".ln-fold")).to_have_text("Hide 100 lines")


def test_search_counts_in_a_fold_and_opens_it(visit: Visit, start: Any) -> None:
    page = visit(f"#/history/{start(printing(TEXTS))['runId']}")
    page.locator(".ln").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("o")
    expect(page.locator(".ln-fold")).to_have_text("Show 100 lines, 200 matches")
    page.get_by_label("Find in output").fill("note 77")
    expect(page.locator(".tally")).to_have_text("1 / 1")
    expect(row(page, HEAD + 77).locator("mark.is-now").first).to_be_in_viewport()
    expect(row(page, HEAD + 77).locator(".ln-nr")).to_have_text(str(HEAD + 78))


def test_link_to_lines_in_a_fold_opens_it(visit: Visit, start: Any) -> None:
    page = visit(f"#/history/{start(printing(TEXTS))['runId']}/L{HEAD + 81}-L{HEAD + 82}")
    expect(page.locator(".ln.is-selected")).to_have_count(2)
    expect(row(page, HEAD + 80)).to_be_in_viewport()


def test_block_that_comes_while_somebody_watches_stays_open(visit: Visit, start: Any, house: House) -> None:
    run = start(f"echo first; while ! [ -e go ]; do sleep 0.05; done; {printing(BLOCK)}; echo end", wait=False)
    page = visit(f"#/run/{run['runId']}")
    expect(page.locator(".ln-text", has_text="first")).to_be_visible()
    (house.folder / "go").touch()
    expect(page.locator(".vw-head .st")).to_have_text("Completed")
    expect(page.locator(".ln-text", has_text="note 100 ")).to_be_visible()
    page.locator(".log").focus()
    page.keyboard.press("z")
    expect(page.locator(".ln-fold")).to_have_text("Show 100 lines")
    expect(page.locator(".ln-text", has_text="end")).to_be_visible()


def test_block_that_comes_out_of_sight_is_folded_until_its_end_is_followed(
    visit: Visit, start: Any, house: House
) -> None:
    run = start(f"seq 1 300; until [ -e go ]; do sleep 0.05; done; {printing(BLOCK)}; sleep 30", wait=False)
    page = visit(f"#/run/{run['runId']}")
    expect(row(page, 299)).to_be_in_viewport()
    page.locator(".log").focus()
    page.keyboard.press("g")
    page.keyboard.press("g")
    (house.folder / "go").touch()
    expect(page.locator(".b-pill")).to_have_text("101 new lines")
    page.locator(".log").evaluate("(log) => { log.scrollTop = log.scrollHeight - log.clientHeight - 36; }")
    expect(page.locator(".ln-fold")).to_have_text("Show 100 lines")
    page.keyboard.press("f")
    expect(page.locator(".ln-text", has_text="note 100 ")).to_be_in_viewport()


def test_thousands_of_folds_keep_their_places(visit: Visit, start: Any) -> None:
    run = start('awk \'BEGIN { for (i = 0; i < 100000; i++) print (i % 50 ? "  " : "") i }\'')
    page = visit(f"#/history/{run['runId']}")
    expect(page.locator(".vw-foot")).to_contain_text("100,000 lines", timeout=30_000)
    assert page.locator(".ln").count() < 120
    page.locator(".log").focus()
    page.keyboard.press("Shift+G")
    expect(row(page, 99_950)).to_be_in_viewport()
    page.keyboard.press("l")
    page.get_by_label("Line, 1 to 100,000").fill("50026")
    page.keyboard.press("Enter")
    expect(row(page, 50_025)).to_be_in_viewport()
    tops = page.evaluate(
        "() => [...document.querySelectorAll('.ln')].map((one) => one.getBoundingClientRect()).map((at) => [at.top, at.bottom])"
    )
    assert all(abs(above[1] - below[0]) < 1 for above, below in zip(tops, tops[1:], strict=False))
