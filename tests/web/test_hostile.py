"""Text that wants to be more than text, in every field and in the output: it is shown, and nothing happens."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.helpers.server import House
from tests.web.conftest import SHELL, Visit

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script></script><svg onload=window.hacked=1>"
LINKS = "javascript:window.hacked=1 [click](javascript:window.hacked=1) <a href='javascript:window.hacked=1'>a</a>"
TURNED = "\u202etxt.exe\u202c \u2067right\u2069"
TOWER = "Z" + "\u0351\u036b\u0343\u036a\u0302\u036b" * 8
FLAG = "🙈🇩🇪"
FAMILY = "👩‍👩‍👧‍👦🏳️‍🌈"
HOSTILE = f"{MARKUP} {LINKS} {TURNED} {TOWER} {FAMILY} {{{{NO}}}} ${{x}} `x` "
LONG_WORD = "w" * 10_000
PLACES = ("#/run", "#/run/{run}", "#/prompts", "#/prompts/{prompt}", "#/schedules", "#/schedules/{schedule}",
          "#/history", "#/history/{run}", "#/analytics", "#/settings/profiles", "#/settings/profiles/shell",
          "#/settings/general", "#/settings/tokens")  # fmt: skip
WIDEST = """() => Math.max(document.documentElement.scrollWidth, ...["#view", ".set-page", ".comp", ".dlg-body", ".drawer"]
  .map((part) => document.querySelector(part)).filter((part) => part && part.scrollWidth > part.clientWidth + 1)
  .map((part) => part.getBoundingClientRect().left + part.scrollWidth))"""
SHOUT = r"""
printf '%s\n' "$(cat said)"
printf '\033]8;;javascript:window.hacked=1\033\\a link\033]8;;\033\\ \033]0;<b>title</b>\007\033]52;c;aGFja2Vk\007\n'
printf 'nul \000 bell \007 back \b\b tab \t end\n\033[999;999Hfar\033[6n\033[c\n'
"""


@pytest.fixture
def filled(house: House) -> dict[str, str]:
    """A house in which every name and text is hostile."""
    folder = house.folder / f"{MARKUP} {FLAG}".replace("/", "\u2215")
    folder.mkdir()
    (folder / "said").write_text(f"{HOSTILE}\n{LONG_WORD}\n", "utf-8")
    named = f"{MARKUP} {LINKS} {TOWER} {FLAG}"[:190]
    house.api("POST", "prompts", {"name": TURNED, "content": "x"}, 400)  # names cannot turn the text around them
    house.api("POST", "profiles", {**SHELL, "name": f"{MARKUP} {TOWER}"[:100]}, 201)
    where = {"agentProfileId": "shell", "workingDirectory": str(folder)}
    prompt = house.api("POST", "prompts", {
        "name": named, "content": f"{SHOUT} # {HOSTILE} {LONG_WORD}", "tags": [MARKUP[:40], TOWER, FLAG], **where,
        "variables": [{"name": "NO", "description": MARKUP, "default": LINKS}],
    }, 201)  # fmt: skip
    cron = {"promptId": prompt["id"], "cronExpression": "@daily"}
    schedule = house.api("POST", "schedules", {"name": named, "variables": {"NO": MARKUP}, **cron}, 201)
    house.api("POST", "tokens", {"name": f"{MARKUP}"[:90], "role": "viewer"}, 201)
    house.api("PATCH", "settings", {"defaultWorkingDirectory": str(folder)})
    house.api("POST", "run", {"content": f"exit 1 # {LONG_WORD}", **where}, 201)
    run = house.wait_for_run(house.api("POST", "run", {"promptId": prompt["id"]}, 201)["runId"])
    return {"run": run["runId"], "prompt": prompt["id"], "schedule": schedule["id"], "name": named}


@pytest.fixture
def strayed(context: BrowserContext, house: House) -> list[str]:
    """What pages asked for anywhere else than at the server."""
    found: list[str] = []

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(house.url).netloc:
            found.append(request.url)

    context.on("request", note)
    return found


def check(page: Page, place: str) -> None:
    """Fail where a script ran, an element came of text, or the page is wider than its window."""
    assert page.evaluate("window.hacked") is None, place
    assert page.evaluate("document.title").endswith("airunner"), place
    odd = "img[src=x], svg[onload], [onerror], a[href^='javascript:' i], script:not([src])"
    assert page.locator(odd).count() == 0, place
    assert page.evaluate(WIDEST) <= page.evaluate("innerWidth"), place


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_text_is_text_in_every_view(
    visit: Visit, house: House, filled: dict[str, str], strayed: list[str], width: int
) -> None:
    page = visit()
    page.set_viewport_size({"width": width, "height": 740})
    for place in (one.format(**filled) for one in PLACES):
        page.goto(f"{house.url}/{place}")
        page.locator("#view > *").first.wait_for()
        expect(page.locator("#view")).to_contain_text("<img src=x onerror=window.hacked=1>") if (
            place in ("#/history", "#/schedules", "#/settings/profiles", "#/settings/tokens")
        ) else None
        check(page, place)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("<img")
    expect(page.locator(".pal-list")).to_contain_text("<img src=x")
    check(page, "palette")
    assert strayed == []


def test_hostile_output_is_text_in_both_modes(
    visit: Visit, house: House, filled: dict[str, str], strayed: list[str]
) -> None:
    page = visit(f"#/history/{filled['run']}")
    page.set_viewport_size({"width": 360, "height": 740})
    expect(page.locator(".ln-text", has_text="<img src=x onerror").first).to_be_visible()
    check(page, "clean")
    for words in ("<script>", "a link", "bell"):
        page.get_by_label("Find in output").fill(words)
        expect(page.locator("mark.is-now")).to_have_text(words)
        check(page, words)
    page.get_by_role("button", name="Terminal", exact=True).click()
    expect(page.locator(".xterm-rows")).to_contain_text("far")
    for row in page.locator(".xterm-rows > div").all()[:40]:
        row.hover(force=True, timeout=2000) if "a link" in row.inner_text() else None
    check(page, "terminal")
    assert strayed == []


def test_hostile_names_are_text_in_the_widget(
    house: House, context: BrowserContext, filled: dict[str, str], strayed: list[str]
) -> None:
    token = house.api("POST", "tokens", {"name": "widget", "role": "operator"}, 201)["token"]
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(f"{house.url}/widget#token={token}")
    expect(page.locator("body")).to_contain_text("<img src=x onerror")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, script:not([src]), a[href^='javascript:' i]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert strayed == []
