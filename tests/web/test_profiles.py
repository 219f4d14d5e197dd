"""Profiles as people make and keep them: found agents, cards and what they lack, hostile names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit, make_profile, template_of

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[House]:
    """A server that finds one agent, Codex, which prints what it is given."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "codex").write_text('#!/bin/sh\nfor word; do echo "codex got: $word"; done\n')
    (tools / "codex").chmod(0o755)
    with House(tmp_path / "machine", environ={"PATH": f"{tools}:/usr/bin:/bin"}) as running:
        running.api("PATCH", "settings", {"passEnv": ["PATH"]})
        yield running


def enter(context: BrowserContext, house: House, place: str) -> Page:
    """Open the page of another server than the usual one."""
    page = context.new_page()
    page.goto(house.login_link)
    page.locator(".bar").wait_for(state="visible")
    page.goto(f"{house.url}/{place}")
    return page


def test_empty_store_when_a_found_agent_is_used_and_tested_shows_what_it_prints(
    context: BrowserContext, machine: House
) -> None:
    page = enter(context, machine, "#/run")
    page.get_by_role("link", name="Choose an agent", exact=True).click()
    found = page.get_by_role("article", name="Codex", exact=True)
    expect(found).to_contain_text("tools/codex")
    expect(page.get_by_role("article", name="Claude Code", exact=True)).to_have_count(0)
    expect(page.locator(".away")).to_contain_text("npm install -g @anthropic-ai/claude-code")
    found.get_by_role("link", name="Use Codex", exact=True).click()

    dialog = page.get_by_role("dialog", name="New profile")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Codex")
    expect(dialog.get_by_label("Agent", exact=True)).to_have_value("codex")
    expect(dialog.get_by_text("The template can be used")).to_be_visible()
    dialog.get_by_role("button", name="Save profile").click()

    page.get_by_role("button", name="Test Codex").click()
    test = page.get_by_role("dialog", name="Test Codex")
    expect(test.locator(".ln-text").first).to_contain_text("codex exec")
    expect(test.locator(".st")).to_have_text("Completed")
    expect(test).to_contain_text("Exit code 0")
    test.get_by_label("Prompt", exact=True).fill("a 'new' \"one\"")
    test.get_by_role("button", name="Test again").click()
    expect(test.locator(".ln-text").first).to_contain_text("a 'new' \"one\"")
    test.get_by_role("link", name="Open in History").click()
    expect(test).to_have_count(0)
    expect(page.locator(".drawer .ln-text").first).to_contain_text("a 'new' \"one\"")


def test_plain_shell_is_always_there_to_begin_with(visit: Visit, house: House) -> None:
    page = visit("#/settings")
    page.get_by_role("link", name="Use Shell").click()
    expect(template_of(page)).to_have_value('bash -c "$PROMPT"')
    page.get_by_role("button", name="Save profile").click()
    card = page.get_by_role("article", name="Shell")
    expect(card).to_contain_text("Ready")
    expect(card.locator(".ph")).to_have_text("$PROMPT")
    assert [profile["slug"] for profile in house.api("GET", "profiles")] == ["shell"]


def test_agents_when_they_cannot_be_read_say_so_and_can_be_asked_for_again(visit: Visit) -> None:
    page = visit()
    page.route("**/agents", lambda route: route.fulfill(status=503, json={"error": "Not now.", "code": "busy"}))
    page.goto(f"{page.url.split('#')[0]}#/settings")
    expect(page.get_by_role("alert")).to_contain_text("The agents could not be readNot now.")
    expect(page.get_by_role("link", name="Begin with a blank profile")).to_be_visible()
    page.unroute("**/agents")
    page.get_by_role("button", name="Try again").dispatch_event("click")  # it may be redrawn
    expect(page.get_by_role("link", name="Use Shell")).to_be_visible()


@pytest.mark.usefixtures("shell")
def test_new_profile_when_profiles_are_there_offers_the_presets(visit: Visit, house: House) -> None:
    page = visit("#/settings")
    page.get_by_role("button", name="New profile").wait_for()
    page.keyboard.press("n")
    page.get_by_role("menuitem", name="Shell").click()
    dialog = page.get_by_role("dialog", name="New profile")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Shell 2")
    expect(dialog.get_by_label("Slug")).to_have_value("shell-2")
    dialog.get_by_label("Agent", exact=True).select_option("codex")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Codex")
    expect(template_of(page)).to_have_value(re.compile("^codex exec"))
    expect(dialog.get_by_label("Agent", exact=True)).to_be_focused()
    dialog.get_by_label("Name", exact=True).fill("Mine")
    dialog.get_by_label("Agent", exact=True).select_option("aider")
    expect(template_of(page)).to_have_value(re.compile("^codex exec"))
    dialog.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    mine = house.api("GET", "profiles/mine")
    assert (mine["agentType"], mine["stopSignals"]) == ("aider", ["INT", "TERM"])


def test_hostile_names_are_text_everywhere(visit: Visit, house: House) -> None:
    profile = make_profile(
        house, name=f"{HOSTILE} & co", slug="hostile", invocationTemplate=f"echo '{HOSTILE}' \"$PROMPT\""
    )
    page = visit("#/settings")
    card = page.get_by_role("article")
    expect(card.get_by_role("heading")).to_have_text(profile["name"])
    expect(card.locator(".card-code")).to_contain_text(HOSTILE)
    card.get_by_role("button", name=re.compile("^Test")).click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(f"Test {profile['name']}")
    expect(page.locator(".ln-text").first).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    card.get_by_role("link", name=re.compile("^Edit")).click()
    expect(page.locator(".code-paint")).to_contain_text(HOSTILE)
    expect(page.get_by_label("Runs as")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    card.get_by_role("button", name=re.compile("^More for")).click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(profile["name"])
    page.get_by_role("button", name="Keep profile").click()
    page.goto(f"{house.url}/#/settings/profiles/{HOSTILE}")
    expect(page.locator(".set-note")).to_contain_text("There is no profile “<img src=x")
    assert page.locator("main img, dialog img").count() == 0
    assert page.title() == "Settings · airunner"


def test_icon_when_chosen_stands_wherever_the_profile_is_named(visit: Visit, house: House, start: Any) -> None:
    start("echo hi")
    page = visit("#/settings/profiles/shell")
    page.get_by_text("More", exact=True).last.click()
    moon = page.get_by_role("radio", name="Moon")
    drawing = moon.evaluate("(radio) => radio.nextElementSibling.innerHTML")
    moon.check()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator(".card .ag svg").inner_html() == drawing
    page.get_by_role("link", name="History", exact=True).click()
    page.locator(".c-profile .ag svg").wait_for()
    assert page.locator(".c-profile .ag svg").inner_html() == drawing
    page.get_by_role("link", name="Run", exact=True).click()
    assert page.locator(".comp .ag svg").inner_html() == drawing
    page.goto(f"{house.url}/#/settings/profiles/shell")
    page.get_by_text("More", exact=True).last.click()
    page.get_by_role("radio", name="The agent's").check()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert house.api("GET", "profiles/shell")["icon"] is None


def test_card_says_what_is_missing_and_moves_nothing_when_it_learns_it(visit: Visit, house: House) -> None:
    make_profile(house, name="Gone", slug="gone", invocationTemplate='/no/such/agent "$PROMPT"')
    make_profile(house, name="Below", slug="below")
    page = visit()
    page.route("**/readiness", lambda route: None)
    page.set_viewport_size({"width": 600, "height": 800})
    page.goto(f"{page.url.split('#')[0]}#/settings")
    below = page.get_by_role("article", name="Below")
    below.wait_for()
    before = below.bounding_box()
    page.unroute("**/readiness")  # lets go on what was held
    gone = page.get_by_role("article", name="Gone", exact=True)
    expect(gone.locator(".card-state")).to_contain_text("/no/such/agent")
    expect(below.locator(".card-state")).to_contain_text("Ready")
    assert below.bounding_box() == before


def test_card_in_the_last_row_says_its_remedy_whole(visit: Visit, house: House) -> None:
    make_profile(house, invocationTemplate='claude -- "$PROMPT"', agentType="claude-code", env={"PATH": "/nowhere"})
    page = visit("#/settings")
    card = page.get_by_role("article", name="Shell")
    expect(card.locator(".said-code", has_text="npm install -g @anthropic-ai/claude-code")).to_be_visible()
    expect(card.get_by_role("button", name="Copy npm install -g @anthropic-ai/claude-code")).to_be_visible()
    expect(card.get_by_role("button", name="More", exact=True)).to_be_hidden()


def test_profile_that_runs_its_prompt_as_code_is_marked_and_says_so_when_saved(visit: Visit, house: House) -> None:
    make_profile(house, name="Plain", slug="plain", invocationTemplate='echo "$PROMPT"')
    page = visit("#/settings/profiles/new?preset=shell")
    page.get_by_role("button", name="Save profile").click()
    expect(page.locator(".toast")).to_contain_text("The prompt itself is run as code")
    mark = page.get_by_role("article", name="Shell").get_by_role("img", name=re.compile("run as code"))
    expect(mark).to_be_visible()
    expect(page.get_by_role("article", name="Plain").locator(".card-caution")).to_be_hidden()
    page.get_by_role("link", name="Run", exact=True).click()
    expect(page.locator(".comp-state")).to_contain_text("run as code")
    page.get_by_role("combobox", name="Profile").select_option("Plain")
    expect(page.locator(".comp-state")).to_be_hidden()


@pytest.mark.usefixtures("shell")
def test_switch_when_turned_by_keyboard_keeps_the_focus(visit: Visit, house: House) -> None:
    page = visit("#/settings")
    switch = page.get_by_role("switch", name="Shell is available")
    switch.focus()
    page.keyboard.press("Space")
    expect(page.locator(".card.is-off")).to_have_count(1)
    expect(switch).to_be_focused()
    expect(page.get_by_text("1 profile, 1 off")).to_be_visible()
    assert house.api("GET", "profiles/shell")["enabled"] is False


def test_composer_says_what_the_chosen_profile_lacks_and_leads_to_it(visit: Visit, house: House) -> None:
    make_profile(house, name="Gone", slug="gone", invocationTemplate='/no/such/agent "$PROMPT"')
    page = visit()
    state = page.locator(".comp-state")
    expect(state).to_contain_text("There is no program /no/such/agent.")
    house.api("PATCH", "profiles/gone", {"invocationTemplate": 'echo "$PROMPT"'})
    expect(state).to_be_hidden()
    house.api("PATCH", "profiles/gone", {"invocationTemplate": '/no/such/other "$PROMPT"'})
    state.get_by_role("link", name="Edit Gone").click()
    expect(page.get_by_role("dialog", name="Edit profile")).to_be_visible()


def test_prompt_too_long_for_the_way_it_goes_is_said_before_it_is_run(visit: Visit, house: House) -> None:
    make_profile(house)
    make_profile(house, name="By file", slug="by-file", invocationTemplate='bash "$PROMPT_FILE"')
    page = visit()
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("é" * 66_000)
    expect(page.locator(".comp-prompt .field-error")).to_contain_text("about 131 kB at most")
    page.get_by_role("combobox", name="Profile").select_option("By file")
    expect(page.locator(".comp-prompt .field-error")).to_be_hidden()
    page.get_by_role("combobox", name="Profile").select_option("Shell")
    expect(prompt).to_have_attribute("aria-invalid", "true")
    prompt.fill("short")
    expect(prompt).not_to_have_attribute("aria-invalid", "true")


def test_palette_finds_profiles_by_name_and_runs_by_what_it_shows(visit: Visit, house: House, start: Any) -> None:
    house.api("PATCH", "profiles/shell", {"name": "Nightly agent"})
    start("echo a-word")
    page = visit("#/run")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search or run")
    page.keyboard.type("new profile")
    expect(palette.get_by_role("option", name="New profile")).to_be_visible()
    palette.get_by_role("combobox").fill("a-word")
    expect(palette.get_by_role("option", name="a-word")).to_be_visible()
    palette.get_by_role("combobox").fill(str(house.folder)[1:])
    expect(palette).to_contain_text("Nothing is called")
    palette.get_by_role("combobox").fill("nightly")
    palette.get_by_role("option", name="Nightly agent").first.click()
    expect(page.get_by_role("dialog", name="Edit profile")).to_be_visible()


def test_profiles_of_one_name_are_told_apart_by_their_slugs(visit: Visit, house: House) -> None:
    make_profile(house)
    make_profile(house, slug="shell-again")
    make_profile(house, name="Other", slug="other")
    options = visit().get_by_role("combobox", name="Profile").locator("option")
    expect(options).to_have_text(["Shell (shell)", "Shell (shell-again)", "Other"])


@pytest.mark.parametrize(("role", "may_test"), [("viewer", False), ("operator", True)])
@pytest.mark.usefixtures("shell")
def test_who_may_not_change_profiles_is_not_offered_to(visit: Visit, house: House, role: str, may_test: bool) -> None:
    token = house.api("POST", "tokens", {"name": role, "role": role}, 201)["token"]
    page = visit("#/settings/profiles/shell", token=token)
    card = page.get_by_role("article", name="Shell")
    expect(card.get_by_role("button", name="Test Shell")).to_have_count(int(may_test))
    expect(card.get_by_role("link")).to_have_count(0)
    expect(card.get_by_role("switch")).to_be_disabled()
    expect(card.get_by_title("Only an administrator may switch profiles on and off")).to_be_visible()
    expect(page.get_by_role("button", name="New profile")).to_have_count(0)
    expect(page.get_by_text("Only an administrator may change profiles.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_profile_when_locked_says_so_until_it_is_unlocked(visit: Visit, house: House, shell: Any) -> None:
    page = visit("#/settings/profiles")
    page.get_by_role("button", name="More for Shell").click()
    page.get_by_role("menuitem", name="Lock").click()
    dialog = page.get_by_role("dialog", name="Lock Shell")
    dialog.get_by_label("How long").select_option("For an hour")
    dialog.get_by_label("Why").fill(HOSTILE)
    dialog.get_by_role("button", name="Lock profile").click()
    card = page.get_by_role("article", name="Shell")
    expect(card).to_contain_text(re.compile("Locked by .* until .*: new runs wait"))
    expect(card).to_contain_text(HOSTILE)
    assert house.api("GET", f"profiles/{shell['id']}")["lock"]["until"]
    card.get_by_role("button", name="Unlock Shell").click()
    expect(card).not_to_contain_text("Locked by")
    assert house.api("GET", f"profiles/{shell['id']}")["lock"] is None


def test_profile_that_a_schedule_needs_is_deleted_only_all_the_same(visit: Visit, house: House, shell: Any) -> None:
    saved = house.api("POST", "prompts", {"name": "P", "content": "echo", "agentProfileId": shell["id"]}, 201)
    body = {"name": "Nightly", "promptId": saved["id"], "cronExpression": "0 3 * * *"}
    planned = house.api("POST", "schedules", body, 201)
    page = visit("#/settings/profiles")
    page.get_by_role("button", name="More for Shell").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("One schedule needs it and will be switched off")
    page.get_by_role("button", name="Delete all the same").click()
    expect(page.get_by_role("article", name="Shell")).to_have_count(0)
    assert house.api("GET", f"schedules/{planned['id']}")["enabled"] is False


def test_runs_in_one_directory_wait_for_each_other_when_the_settings_say_so(visit: Visit, house: House) -> None:
    page = visit("#/settings/general")
    page.get_by_label("Runs in one directory").select_option("Wait for each other")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert house.api("GET", "settings")["directoryPolicy"] == "queue"
