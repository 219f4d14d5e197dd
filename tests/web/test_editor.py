"""The profile editor: checks at their places, dangers, refused fields, and what an address or a slip may not lose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.server import House
from tests.web.conftest import Visit, make_profile, template_of

pytestmark = pytest.mark.browser


def chosen(page: Page) -> str:
    """Return what is selected in the template."""
    text = template_of(page).evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    return str(text)


@pytest.mark.usefixtures("shell")
def test_template_with_errors_marks_them_at_their_places(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill('echo "\U0001f600 fine" \\\n  && claude "$PROMPT')
    checks = page.locator(".checks")
    expect(checks).to_contain_text("double quote")
    expect(page.locator(".code-paint .wave-bad").first).to_have_text('"')
    place = checks.get_by_role("button", name=re.compile("line 2, column 13"))
    expect(place).to_contain_text("2:13")
    place.click()
    expect(template_of(page)).to_be_focused()
    assert chosen(page) == '"$PROMPT'
    expect(page.get_by_label("Runs as")).to_have_text('bash -c "$PROMPT"')
    page.keyboard.press("End")
    page.keyboard.type('"')
    expect(checks).to_contain_text("The template can be used")
    expect(page.locator(".code-paint .wave-bad")).to_have_count(0)
    expect(page.get_by_label("Runs as")).to_contain_text('claude "$PROMPT"')


@pytest.mark.usefixtures("shell")
def test_variable_when_inserted_gets_the_quotes_that_it_needs(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill("run")
    page.get_by_role("button", name="Insert $PROMPT", exact=True).click()
    expect(template_of(page)).to_have_value('run "$PROMPT"')
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(" in ")
    page.get_by_role("button", name="Insert $WORKING_DIR").click()
    expect(template_of(page)).to_have_value('run "$PROMPT in $WORKING_DIR"')
    expect(page.locator(".code-paint .ph")).to_have_text(["$PROMPT", "$WORKING_DIR"])


@pytest.mark.usefixtures("shell")
def test_prompt_way_decides_what_the_template_must_hold(visit: Visit, house: House) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill("cat")
    expect(page.locator(".checks")).to_contain_text("The prompt is not used")
    page.get_by_label("How the prompt goes in").select_option("stdin")
    expect(page.get_by_text("reads the prompt from its standard input")).to_be_visible()
    expect(page.locator(".checks")).to_contain_text("The template can be used")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert house.api("GET", "profiles/shell")["promptVia"] == "stdin"


@pytest.mark.usefixtures("shell")
def test_danger_must_be_ticked_before_it_is_saved(visit: Visit, house: House) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill('rm -rf /; rm -rf /etc; mkfs /dev/sda; run "$PROMPT"')
    ticks = page.get_by_role("checkbox", name="I know, and want it")
    save = page.get_by_role("button", name="Save profile")
    expect(ticks).to_have_count(2)
    expect(save).to_be_disabled()
    ticks.nth(0).check()
    expect(save).to_be_disabled()
    ticks.nth(1).check()
    save.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert set(house.api("GET", "profiles/shell")["acknowledgedDangers"]) == {"rm_root", "make_filesystem"}
    page.get_by_role("link", name="Edit Shell").click()
    expect(ticks.nth(0)).to_be_checked()
    expect(save).to_be_enabled()


@pytest.mark.usefixtures("shell")
def test_danger_typed_a_moment_ago_is_refused_and_gets_its_tick(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    expect(page.locator(".checks")).to_contain_text("can be used")
    template_of(page).fill('rm -rf /; run "$PROMPT"')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("checkbox", name="I know, and want it")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("tick in its checks")


def test_blank_form_complains_of_nothing_before_it_is_saved(visit: Visit) -> None:
    page = visit("#/settings/profiles/new")
    expect(page.locator(".checks").first).to_have_text("The template is checked as you write it.")
    expect(page.locator(".editor-side .s-failed")).to_have_count(0)
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Invocation template must not be empty.")).to_be_visible()


@pytest.mark.usefixtures("shell")
def test_checks_say_dangers_before_what_is_good_and_hints_last(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill('rm -rf /; bash -c "$PROMPT"')
    items = page.locator(".checks").first.locator("> li:visible")
    expect(items).to_have_text([re.compile("^`?rm"), re.compile("run as code"), re.compile("WORKING_DIR")])
    expect(items.last).to_have_class("hint")
    page.get_by_role("checkbox", name="I know, and want it").check()
    expect(items.nth(2)).to_have_text("The template can be used")


@pytest.mark.usefixtures("shell")
def test_checks_when_another_field_is_wrong_keep_what_they_found(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    template_of(page).fill('rm -rf /; run "$PROMPT"')
    tick = page.get_by_role("checkbox", name="I know, and want it")
    tick.check()
    page.get_by_role("textbox", name="Shell").fill("bash")
    checks = page.locator(".checks").first
    expect(checks).to_contain_text('Shell must be an absolute path, such as /bin/bash; it is "bash".')
    expect(tick).to_be_checked()
    expect(checks.get_by_text("The template can be used")).to_be_hidden()


def test_missing_key_is_said_until_a_variable_is_given_for_it(visit: Visit, house: House, tmp_path: Path) -> None:
    template = 'claude -p -- "$PROMPT"'
    env = {"HOME": str(tmp_path)}
    make_profile(house, invocationTemplate=template, agentType="claude-code", env=env)
    page = visit("#/settings/profiles/shell")
    side = page.locator(".editor-side")
    expect(side).to_contain_text("No key and no log-in of Claude Code")
    page.get_by_role("button", name="Add ANTHROPIC_API_KEY").click()
    value = page.get_by_label("Value of ANTHROPIC_API_KEY")
    expect(value).to_be_focused()
    page.keyboard.type("k")
    expect(side).not_to_contain_text("No key and no log-in")
    value.fill("")
    expect(side).to_contain_text("No key and no log-in")
    page.get_by_label("Default timeout").fill("8")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert list(house.api("GET", "profiles/shell")["env"]) == ["HOME"]


@pytest.mark.usefixtures("shell")
def test_refused_field_says_so_until_it_is_mended(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    name = page.get_by_label("Name", exact=True)
    name.fill(" ")
    page.get_by_role("button", name="Save profile").click()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    page.keyboard.type("x")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("must not be empty")).to_be_hidden()


@pytest.mark.usefixtures("shell")
def test_refused_field_in_a_fold_opens_it(visit: Visit) -> None:
    page = visit("#/settings/profiles/shell")
    page.get_by_text("Limits", exact=True).click()
    memory = page.get_by_label("Memory")
    memory.fill("much")
    page.get_by_text("Limits", exact=True).click()
    expect(memory).to_be_hidden()
    page.get_by_role("button", name="Save profile").click()
    expect(memory).to_be_focused()
    expect(page.locator(".field", has=memory).locator(".field-error").last).to_contain_text("much")


def test_slug_proposal_is_never_too_long(visit: Visit, house: House) -> None:
    page = visit("#/settings/profiles/new")
    page.get_by_label("Name", exact=True).fill("word " * 20)
    slug = page.get_by_label("Slug").input_value()
    assert len(slug) <= 64
    template_of(page).fill('run "$PROMPT"')
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [profile["slug"] for profile in house.api("GET", "profiles")] == [slug]


@pytest.mark.usefixtures("shell")
def test_saving_sends_what_was_changed_and_no_more(visit: Visit, house: House) -> None:
    page = visit("#/settings/profiles/shell")
    page.get_by_label("Default timeout").fill("7")
    house.api("PATCH", "profiles/shell", {"maxTimeout": 50, "env": {"TOKEN": "secret"}})
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    profile = house.api("GET", "profiles/shell")
    assert (profile["defaultTimeout"], profile["maxTimeout"], list(profile["env"])) == (7, 50, ["TOKEN"])


def test_address_when_it_changes_under_the_editor_is_followed_or_asked_about(visit: Visit, house: House) -> None:
    make_profile(house)
    make_profile(house, name="Other", slug="other")
    page = visit("#/settings/profiles/shell")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_have_value("Shell")
    go = "(place) => { location.hash = place }"
    page.evaluate(go, "#/settings/profiles/other")
    expect(name).to_have_value("Other")
    name.fill("Other, renamed")
    page.evaluate(go, "#/settings/profiles/shell")
    page.get_by_role("button", name="Keep editing").click()
    expect(name).to_have_value("Other, renamed")
    expect(page).to_have_url(re.compile("#/settings/profiles/"))
    page.evaluate(go, "#/history")
    page.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_role("dialog", name="Edit profile")).to_be_visible()
    expect(name).to_have_value("Other, renamed")
    page.go_back()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert {profile["name"] for profile in house.api("GET", "profiles")} == {"Shell", "Other"}


def test_stored_value_when_its_variable_is_renamed_is_asked_for_anew(visit: Visit, house: House) -> None:
    make_profile(house, env={"KEY": "s3cret-value"})
    page = visit("#/settings/profiles/shell")
    page.get_by_label("Name of the variable").fill("OTHER")
    expect(page.get_by_text("it cannot move along: type it for OTHER")).to_be_visible()
    page.get_by_role("button", name="Save profile").click()
    value = page.get_by_label("Value of OTHER")
    expect(value).to_be_focused()
    expect(value).to_have_attribute("aria-invalid", "true")
    assert list(house.api("GET", "profiles/shell")["env"]) == ["KEY"]
    page.keyboard.type("new-value")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    run = house.api(
        "POST", "run", {"content": 'echo "$KEY.$OTHER"', "agentProfileId": "shell", "workingDirectory": "/"}, 201
    )
    assert ".new-value" in house.wait_for_run(run["runId"])["stdout"].splitlines()


def test_stored_value_when_its_name_comes_back_is_kept(visit: Visit, house: House) -> None:
    make_profile(house, env={"KEY": "s3cret-value"})
    page = visit("#/settings/profiles/shell")
    name = page.get_by_label("Name of the variable")
    name.fill("")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("A variable needs a name")).to_be_visible()
    name.fill("KEY")
    page.get_by_label("Default timeout").fill("9")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    run = house.api("POST", "run", {"content": 'echo "$KEY"', "agentProfileId": "shell", "workingDirectory": "/"}, 201)
    assert "s3cret-value" in house.wait_for_run(run["runId"])["stdout"]


def test_secrets_of_a_saved_profile_are_never_in_the_page(visit: Visit, house: House) -> None:
    make_profile(house, env={"KEY": "s3cret-value"})
    page = visit("#/settings/profiles/shell")
    expect(page.get_by_label("Value of KEY")).to_have_value("")
    assert "s3cret-value" not in page.content()
    page.get_by_label("Default timeout").fill("9")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    run = house.api("POST", "run", {"content": 'echo "$KEY"', "agentProfileId": "shell", "workingDirectory": "/"}, 201)
    assert "s3cret-value" in house.wait_for_run(run["runId"])["stdout"]
