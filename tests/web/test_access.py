"""The page for everybody: axe-core finds nothing, everything is reached by keys, nothing is wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.helpers.browser import axe_source
from tests.helpers.server import House
from tests.web.conftest import Visit

pytestmark = pytest.mark.browser

PHONE, TABLET, DESK = (360, 740), (768, 1024), (1440, 900)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def axe() -> str:
    """Return axe-core's source, fetched once."""
    return axe_source()


def faults(page: Page) -> list[str]:
    """Return what axe-core finds, as one line a place."""
    page.evaluate(
        "Promise.all(document.getAnimations().map((one) => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity ? one.finished : 0))"
    )
    page.evaluate(axe())
    found = page.evaluate("(tags) => axe.run({ runOnly: { type: 'tag', values: tags } })", RULES)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture
def lived_in(house: House, start: Callable[..., Any]) -> dict[str, Any]:
    """A house with runs of every kind that can be made quickly."""
    ended = start("printf '\\e[31mred\\e[0m and \\e[1mbold\\e[0m\\n'; seq 1 30; echo trouble >&2; exit 3")
    start("echo fine")
    live = start("echo begun; sleep 30", wait=False)
    house.api("POST", "tokens", {"name": "script", "role": "operator", "expiresInDays": 9}, 201)
    body = {"agentProfileId": ended["agentProfileId"], "workingDirectory": str(house.folder)}
    asks = {
        "name": "Ask",
        "content": "sleep 0.2; echo {{WHO}}",
        "variables": [{"name": "WHO", "description": "A name"}],
    }
    saved = house.api("POST", "prompts", {**body, **asks, "tags": ["daily", "b", "c"]}, 201)
    house.api("POST", "run", {"promptId": saved["id"], "variables": {"WHO": "Ana"}}, 201)
    plan = {"promptId": saved["id"], "variables": {"WHO": "Ana"}, "cronExpression": "0 3 * * *"}
    planned = house.api("POST", "schedules", {"name": "Nightly", **plan}, 201)
    house.api("POST", "schedules", {"name": "Another", **plan}, 201)
    gone = house.api("POST", "prompts", {"name": "Gone", "content": "@gone.md", "type": "file-reference", **body}, 201)
    house.api("POST", "schedules", {"name": "Without", "promptId": gone["id"], "cronExpression": "@daily"}, 201)
    house.api("DELETE", f"prompts/{gone['id']}?force=1")
    return {"ended": ended["runId"], "live": live["runId"], "saved": saved["id"], "planned": planned["id"]}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing(
    visit: Visit, context: BrowserContext, lived_in: dict[str, Any], theme: Any, size: tuple[int, int]
) -> None:
    page = visit(log_in=False)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    page.get_by_label("Access token").wait_for()
    found = {"login": faults(page)}
    page.close()
    page = visit()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    for name, place, sign in (
        ("run", f"#/run/{lived_in['live']}", ".ln"),
        ("history", "#/history", "tr[data-run]"),
        ("drawer", f"#/history/{lived_in['ended']}", ".ln"),
        ("none match", "#/history?search=nothing-is-called-so&from=2026-01-01T00:00Z", ".notice"),
        ("of a prompt", f"#/history?promptId={lived_in['saved']}", "tr[data-run]"),
        ("compare", f"#/history/compare/{lived_in['ended']}/{lived_in['live']}", ".df-line"),
        ("prompts", "#/prompts", ".prompts tr[data-id]"),
        ("a week", "#/schedules?span=7", ".lane-clash"),
        ("no prompts", "#/prompts?search=nothing-is-called-so", ".notice"),
        ("prompt", f"#/prompts/{lived_in['saved']}", ".dlg-saved .var-row"),
        ("schedules", "#/schedules", ".planned tr[data-id]"),
        ("schedule", f"#/schedules/{lived_in['planned']}", ".dlg-schedule .pre-warning"),
        ("analytics", "#/analytics", ".key-figure"),
        ("profiles", "#/settings/profiles", ".card"),
        ("general", "#/settings/general", ".field.r"),
        ("tokens", "#/settings/tokens", ".tokens"),
        ("editor", "#/settings/profiles/shell", ".dlg-editor .s-completed"),
    ):
        page.goto(page.url.split("#")[0] + place)
        page.locator(sign).first.wait_for()
        found[name] = faults(page)
    assert {name: list(found[name]) for name in found if found[name]} == {}


def test_axe_finds_nothing_in_what_is_done_with_prompts(
    visit: Visit, house: House, shell: Any, lived_in: dict[str, Any]
) -> None:
    page = visit("#/history")
    page.locator("tr[data-run] .c-pick input").first.click()
    page.get_by_role("region", name="Selection").get_by_role("button", name="Export").click()
    found = {"runs": faults(page)}
    page.keyboard.press("Escape")
    page.goto(page.url.split("#")[0] + "#/prompts")
    page.get_by_label("Select Ask", exact=True).click()
    page.get_by_role("region", name="Selection").wait_for()
    found["selected"] = faults(page)
    page.get_by_role("button", name="Cards").click()
    found["cards"] = faults(page)
    page.get_by_role("button", name="Table").click()
    page.get_by_role("button", name="Add tag").click()
    found["tags"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run Ask", exact=True).click()
    page.get_by_role("button", name="Run now").click()
    page.locator(".dlg-run .field-error").first.wait_for()
    page.get_by_label("WHO").fill("Ana")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_label("What would run").wait_for()
    found["run"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More for Ask").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete all the same").wait_for()
    found["needed"] = faults(page)
    page.keyboard.press("Escape")
    house.api("PATCH", "settings", {"schedulesPaused": True})
    house.api("POST", f"profiles/{shell['id']}/lock", {"minutes": 5, "reason": "The provider is down"})
    page.goto(page.url.split("#")[0] + "#/schedules")
    page.get_by_role("button", name="Resume").wait_for()
    found["paused"] = faults(page)
    page.goto(page.url.split("#")[0] + "#/settings/profiles")
    page.locator(".card-lock").wait_for()
    found["locked"] = faults(page)
    assert {name: list(found[name]) for name in found if found[name]} == {}


def test_axe_finds_nothing_in_what_floats(visit: Visit, lived_in: dict[str, Any]) -> None:
    page = visit(f"#/history/{lived_in['live']}")
    page.locator(".ln").first.wait_for()
    found = {}
    page.get_by_role("button", name="Kill", exact=True).click()
    found["kill"] = faults(page)
    page.get_by_role("button", name="Keep running").click()
    page.get_by_role("button", name="Prompt and command").click()
    found["details"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator(".pal-list [role=option]").first.wait_for()
    found["palette"] = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found["help"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Theme").click()
    found["menu"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Terminal").click()
    expect(page.locator(".xterm-rows")).to_contain_text("begun")
    found["terminal"] = faults(page)
    assert {name: list(found[name]) for name in found if found[name]} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_in_what_makes_a_profile(
    visit: Visit, house: House, shell: Any, theme: Any, size: tuple[int, int]
) -> None:
    page = visit("#/settings/profiles/nobody")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme)
    page.locator(".set-note").wait_for()
    found = {"unknown": faults(page)}
    page.get_by_role("button", name="New profile").click()
    page.get_by_role("menuitem", name="Shell").wait_for()
    found["presets"] = faults(page)
    page.get_by_role("menuitem", name="Shell").click()
    for fold in page.locator(".fold summary").all():
        fold.click()
    page.get_by_label("Invocation template", exact=True).fill("rm -rf /; echo '# $HOME' \"$PROMPT\" $(date # now\n")
    page.get_by_role("checkbox", name="I know, and want it").wait_for()
    found["problems"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_role("button", name="Test Shell").click()
    expect(page.locator(".dlg-test .st")).to_have_text("Completed")
    found["test"] = faults(page)
    page.keyboard.press("Escape")
    house.api("DELETE", f"profiles/{shell['id']}")
    page.get_by_role("link", name="Use Shell").wait_for()
    found["nothing yet"] = faults(page)
    assert {name: list(found[name]) for name in found if found[name]} == {}


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_nothing_is_wider_than_the_window(visit: Visit, lived_in: dict[str, Any], size: tuple[int, int]) -> None:
    page = visit()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for place in ("#/run", "#/history", f"#/history/{lived_in['ended']}", "#/settings/profiles", "#/settings/general",
                  f"#/history/compare/{lived_in['ended']}/{lived_in['live']}", "#/history?from=2026-01-01T00:00Z",
                  "#/prompts", f"#/prompts/{lived_in['saved']}", "#/schedules", f"#/schedules/{lived_in['planned']}",
                  "#/settings/tokens", "#/settings/profiles/shell"):  # fmt: skip
        page.goto(page.url.split("#")[0] + place)
        page.wait_for_timeout(200)
        wide = page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter((one) => {
              const at = one.getBoundingClientRect();
              const scrolls = one.closest(".run-tabs, .cut, .log, .term, .sr, .reel-box, .code, .card-code, .xterm, nav");
              return at.width > 0 && at.right > innerWidth + 1 && !scrolls && getComputedStyle(one).visibility !== "hidden";
            }).map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert wide == [], place


def test_touch_targets_on_a_phone_are_large_enough(visit: Visit, lived_in: dict[str, Any]) -> None:
    page = visit()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    compare = f"#/history/compare/{lived_in['ended']}/{lived_in['live']}"
    for place in (f"#/run/{lived_in['live']}", "#/history", compare, "#/settings/profiles", "#/prompts", "#/schedules"):
        page.goto(page.url.split("#")[0] + place)
        page.wait_for_timeout(200)
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, a.b, .tabs a, select, input:not([type=range])")]
              .filter((one) => one.offsetParent && !one.closest("thead, .five, .find, .comp"))
              .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 100)])
              .filter(([at]) => at.height < 36 || at.width < 24).map(([, text]) => text)"""
        )
        assert small == [], place


def test_keys_do_what_the_sheet_says(visit: Visit) -> None:
    page = visit("#/settings")
    page.locator(".set").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search runs")).to_be_focused()
    page.keyboard.type("gr?")
    expect(page.get_by_label("Search runs")).to_have_value("gr?")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Profiles")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("Search or run")
    sheet.get_by_role("switch").click()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Profiles")).to_be_visible()


def test_dialog_when_closed_gives_the_focus_back(visit: Visit, shell: Any) -> None:
    page = visit("#/settings/profiles")
    more = page.get_by_role("button", name="More for Shell")
    more.click()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep profile")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Shell")).to_be_visible()


def test_theme_when_chosen_stays_after_a_reload(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(18, 21, 20)"
    page.reload()
    page.locator(".bar").wait_for()
    assert page.evaluate(ground) == "rgb(18, 21, 20)"


def test_motion_when_not_wanted_is_none(visit: Visit, lived_in: dict[str, Any]) -> None:
    page = visit("#/history")
    page.emulate_media(reduced_motion="reduce")
    page.locator("tr[data-run] .s-running").first.wait_for()
    assert page.evaluate("document.getAnimations().length") == 0


def test_phone_composer_is_a_sheet(visit: Visit, shell: Any) -> None:
    page = visit()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_be_hidden()
    page.get_by_role("button", name="New run").click()
    prompt.fill("echo from a phone")
    page.get_by_role("combobox", name="Working directory").fill("/")
    page.get_by_role("button", name="Run now").click()
    expect(prompt).to_be_hidden()
    expect(page.locator(".ln-text", has_text="from a phone")).to_be_visible()
