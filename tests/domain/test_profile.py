"""Agent profiles: what is checked, what is merged, what may leave the house."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from airunner.base.errors import Invalid
from airunner.domain.fields import MASK
from airunner.domain.profile import AGENT_TYPES, STOP_SIGNALS, Profile, signal_number
from airunner.domain.record import from_doc, to_doc
from tests.domain.test_fields import ANYTHING

NOW = datetime(2026, 3, 12, 14, 32, 10, tzinfo=UTC)
LEAST = {"name": "Claude Code (Dangerous)", "agentType": "claude-code", "invocationTemplate": 'claude "$PROMPT"'}


def profile(**more: Any) -> Profile:
    return Profile.from_input({**LEAST, **more}, id="p1", now=NOW)


def problems(data: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        Profile.from_input(data, id="p1", now=NOW)
    return caught.value.fields


def test_profile_when_only_the_needed_fields_are_given_then_the_rest_are_the_defaults() -> None:
    assert to_doc(profile()) == {
        **LEAST,
        "id": "p1",
        "slug": "claude-code-dangerous",
        "defaultTimeout": 30,
        "maxTimeout": 120,
        "shell": "/bin/bash",
        "promptVia": None,
        "runAsUser": None,
        "env": {},
        "enabled": True,
        "icon": None,
        "requiresTTY": True,
        "stopSignals": ["TERM"],
        "killGraceSeconds": 5,
        "leftovers": "kill",
        "whileLocked": "wait",
        "lock": None,
        "limits": {"coreMB": 0},
        "cols": 120,
        "rows": 40,
        "acknowledgedDangers": [],
        "createdAt": NOW,
        "updatedAt": NOW,
        "revision": 0,
    }


def test_profile_when_kept_as_a_document_then_it_comes_back_equal() -> None:
    made = profile(env={"A": "b"}, stopSignals=["SIGINT", "term"], icon="claude", limits={"cpuSeconds": 60})
    assert from_doc(Profile, to_doc(made)) == made
    assert made.stop_signals == ("INT", "TERM")
    assert made.limits == {"coreMB": 0, "cpuSeconds": 60}


def test_profile_when_the_needed_fields_are_missing_then_each_is_named() -> None:
    assert problems({}) == {
        "name": "name is needed.",
        "invocationTemplate": "invocationTemplate is needed.",
    }


def test_profile_when_the_agent_is_left_out_then_it_is_custom() -> None:
    made = Profile.from_input({"name": "Mine", "invocationTemplate": "mine"}, id="p1", now=NOW)
    assert made.agent_type == "custom"


def test_profile_when_its_stored_shell_is_older_than_the_rule_then_other_fields_can_change() -> None:
    old = replace(profile(), shell="/usr/bin/fish")
    assert old.merged({"enabled": False}, NOW).shell == "/usr/bin/fish"
    with pytest.raises(Invalid, match="shell must be a POSIX shell"):
        old.merged({"shell": "/usr/bin/fish"}, NOW)


@pytest.mark.parametrize("agent", AGENT_TYPES)
def test_profile_when_the_agent_is_known_then_it_is_taken(agent: str) -> None:
    assert profile(agentType=agent).agent_type == agent


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("agentType", "cursor", "agentType must be one of claude-code, codex, opencode, gemini-cli, aider, custom; it is \"cursor\"."),
        ("invocationTemplate", " \n", "invocationTemplate must not be empty."),
        ("maxTimeout", 10, "maxTimeout must be at least defaultTimeout (30); it is 10."),
        ("defaultTimeout", 121, "maxTimeout must be at least defaultTimeout (121); it is 120."),
        ("shell", "bash", 'shell must be an absolute path, such as /bin/bash; it is "bash".'),
        ("slug", "No Slug", 'slug must be lower-case letters, digits and inner hyphens, at most 64; it is "No Slug".'),
        ("name", "名前", 'slug cannot be made from the name "名前"; give one, such as my-agent.'),
        ("stopSignals", ["STOP"], 'stopSignals[0] must be one of INT, TERM, HUP, QUIT, USR1, USR2, KILL; it is "STOP".'),
        ("stopSignals", [], "stopSignals must have 1 to 10 items; it has 0."),
        ("whileLocked", "kill", 'whileLocked must be one of wait, skip; it is "kill".'),
        ("leftovers", "maybe", 'leftovers must be one of kill, keep; it is "maybe".'),
        ("enabled", "yes", 'enabled must be true or false; it is "yes".'),
        ("cols", 5, "cols must be at least 20; it is 5."),
        ("killGraceSeconds", -1, "killGraceSeconds must be at least 0; it is -1."),
        ("limits", {"openFiles": 1.5}, "limits.openFiles must be a whole number; it is 1.5."),
        ("promptVia", "pigeon", 'promptVia must be one of argument, file, stdin; it is "pigeon".'),
        ("runAsUser", "a\nb", 'runAsUser must be one line without control characters; it is "a\\nb".'),
        ("env", {"PROMPT": "x"}, "env.PROMPT: PROMPT is set by airunner for every run; choose another name."),
        ("env", {"AIRUNNER_CARRY": ""}, "env.AIRUNNER_CARRY: AIRUNNER_CARRY is set by airunner for every run; choose another name."),
        ("colour", "red", "colour: unknown field"),
    ],
)  # fmt: skip
def test_profile_when_a_field_is_wrong_then_one_sentence_says_why(field: str, value: object, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        profile(**{field: value})
    assert caught.value.message == sentence


@given(ANYTHING)
def test_profile_when_given_anything_then_only_invalid_is_raised(value: Any) -> None:
    for data in (value, {**LEAST, "env": value, "limits": value}, dict.fromkeys(to_doc(profile()), value)):
        try:
            made = Profile.from_input(data, id="p1", now=NOW)
            assert from_doc(Profile, to_doc(made)) == made
        except Invalid as error:
            assert error.message


@given(ANYTHING)
def test_merged_when_given_anything_then_only_invalid_is_raised(value: Any) -> None:
    try:
        profile().merged(dict.fromkeys(to_doc(profile()), value), NOW)
    except Invalid as error:
        assert error.fields


def test_merged_when_fields_are_left_out_then_they_stay() -> None:
    old = profile(env={"KEY": "secret", "OLD": "x"}, icon="claude", limits={"cpuSeconds": 60})
    later = NOW + timedelta(hours=1)
    new = old.merged(
        {"name": "Other", "env": {"KEY": MASK, "OLD": None, "NEW": "y"}, "limits": {"cpuSeconds": None}}, later
    )
    assert (new.name, new.slug, new.icon) == ("Other", "claude-code-dangerous", "claude")
    assert new.env == {"KEY": "secret", "NEW": "y"}
    assert new.limits == {"coreMB": 0}
    assert (new.created_at, new.updated_at) == (NOW, later)
    assert old.env == {"KEY": "secret", "OLD": "x"}


def test_merged_when_its_own_public_form_comes_back_then_nothing_changes() -> None:
    old = profile(env={"KEY": "secret"}, icon="claude")
    assert old.merged(old.public(NOW), NOW) == old


def test_merged_when_a_nullable_field_is_null_then_it_is_emptied_and_others_refuse() -> None:
    assert profile(icon="claude").merged({"icon": None}, NOW).icon is None
    with pytest.raises(Invalid, match="shell must be text; it is null"):
        profile().merged({"shell": None}, NOW)


def test_profile_when_way_and_user_are_null_then_they_are_left_to_the_template_and_the_server() -> None:
    made = profile(promptVia="stdin", runAsUser=" ana ")
    assert (made.prompt_via, made.run_as_user) == ("stdin", "ana")
    assert made.merged({"name": "Other"}, NOW).run_as_user == "ana"
    emptied = made.merged({"promptVia": None, "runAsUser": None}, NOW)
    assert (emptied.prompt_via, emptied.run_as_user) == (None, None)
    assert profile(promptVia=None, runAsUser=None, icon=None) == profile()
    assert profile(runAsUser="").run_as_user is None


def test_profile_when_it_holds_a_variable_of_ours_already_then_it_can_be_changed_and_the_variable_removed() -> None:
    old = replace(profile(), env={"PROMPT": "x"})
    assert old.merged({"name": "Other"}, NOW).env == {"PROMPT": "x"}
    assert old.merged({"env": {"PROMPT": None}}, NOW).env == {}


def test_profile_when_a_form_sends_empty_slug_and_icon_then_they_count_as_left_out() -> None:
    made = profile(slug=" ", icon="")
    assert (made.slug, made.icon) == ("claude-code-dangerous", None)
    assert made.merged({"slug": ""}, NOW).slug == made.slug


def test_merged_when_both_timeouts_move_together_then_only_the_result_counts() -> None:
    assert profile().merged({"maxTimeout": 10, "defaultTimeout": 5}, NOW).max_timeout == 10


def test_public_when_env_has_values_then_none_is_shown() -> None:
    made = profile(env={"KEY": "secret", "EMPTY": ""})
    assert made.public(NOW)["env"] == {"KEY": MASK, "EMPTY": MASK}
    assert "secret" not in repr(made.public(NOW))


def test_stop_signals_when_looked_up_then_they_are_the_kernels() -> None:
    assert {signal_number(name) for name in STOP_SIGNALS} == {
        signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGKILL
    }  # fmt: skip
