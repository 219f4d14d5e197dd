"""Which agents a template starts, and what their words lead to."""

from __future__ import annotations

import pytest

from airunner.domain.agents import Around, habits, starts_of

# template -> family, whether it is started here
STARTS: list[tuple[str, str, bool]] = [
    ('claude -p -- "$PROMPT"', "claude-code", True),
    ('/opt/bin/codex exec -- "$PROMPT"', "codex", True),
    ('cd "$WORKING_DIR" && IS_SANDBOX=1 exec claude -p -- "$PROMPT"', "claude-code", True),
    ('timeout -k 5 60 env A=1 ~/bin/gemini --prompt="$PROMPT"', "gemini-cli", True),
    ('if true; then aider --message="$PROMPT"; fi', "aider", True),
    ('f() { opencode run < "$PROMPT_FILE"; }; f', "opencode", True),
    ('cat "$PROMPT_FILE" | opencode run', "opencode", True),
    ("bash -lc 'claude -p -- \"$PROMPT\"'", "claude-code", True),
    ('sh -c "sh -c \'codex exec - < \\"\\$PROMPT_FILE\\"\'"', "codex", True),
    ('x "$(claude -p -- "$PROMPT")"', "claude-code", True),
    ('su - bob -c "claude -p -- \\"\\$PROMPT\\""', "claude-code", False),
    ('sudo -u bob codex exec -- "$PROMPT"', "codex", False),
    ('runuser -u bob -- claude -p -- "$PROMPT"', "claude-code", False),
    ('docker run --rm -v "$WORKING_DIR:/w" image aider --message="$PROMPT"', "aider", False),
    ('ssh box "gemini --prompt=\\"\\$PROMPT\\""', "gemini-cli", False),
    ('. ~/.nvm/nvm.sh; claude -p -- "$PROMPT"', "claude-code", False),
]
# template, terminal -> what is said of it
HABITS: list[tuple[str, bool, set[str]]] = [
    ('claude "$PROMPT"', True, {"stays_open", "prompt_as_option"}),
    ('claude -p "$PROMPT"', True, {"prompt_as_option"}),
    ('claude -p --model opus -- "$PROMPT"', True, set()),
    ("claude", True, {"stays_open"}),
    ("claude", False, set()),
    ("claude -p < $PROMPT_FILE", True, set()),
    ('codex "$PROMPT"', True, {"stays_open", "prompt_as_option"}),
    ('codex exec --full-auto -- "$PROMPT"', True, {"needs_repository"}),
    ('codex exec --skip-git-repo-check "${PROMPT}"', True, {"prompt_as_option"}),
    ('opencode run -- "$PROMPT"', True, {"refuses_tools"}),
    ("opencode run --agent plan < $PROMPT_FILE", True, set()),
    ("opencode", True, {"stays_open"}),
    ("gemini --yolo --skip-trust -p $PROMPT", True, {"prompt_as_option"}),
    ("gemini --approval-mode=yolo --prompt=$PROMPT", True, {"untrusted_directory"}),
    ("gemini --approval-mode yolo --prompt=$PROMPT", True, {"untrusted_directory"}),
    ("gemini --skip-trust", True, {"stays_open"}),
    ("gemini --skip-trust < $PROMPT_FILE", True, set()),
    ("aider $PROMPT_FILE", True, {"asks", "stays_open"}),
    ("aider --yes --message $PROMPT", False, {"prompt_as_option"}),
    ("aider --yes-always --message-file $PROMPT_FILE", True, set()),
    ("su - bob -c 'claude'", True, {"stays_open"}),
    ('my-agent "$PROMPT"', True, set()),
]


@pytest.mark.parametrize(("template", "family", "here"), STARTS, ids=[template for template, *_ in STARTS])
def test_starts_when_an_agent_is_in_it_then_it_is_found(template: str, family: str, here: bool) -> None:
    calls = [call for call in starts_of(template).calls if call.family]
    assert [(call.family.type, call.here) for call in calls if call.family] == [(family, here)]


def test_starts_when_no_agent_is_started_then_none_is_found() -> None:
    for template in ('echo claude "$PROMPT"', "cat claude", 'bash -c "$PROMPT"', "git commit -m codex", "'", "(("):
        assert not any(call.family for call in starts_of(template).calls), template


@pytest.mark.parametrize("piece", ["docker eval ", "sh -c '", "$(", "find . -exec ssh h ", "`", "\\"])
def test_starts_when_code_stands_in_code_very_deep_then_nothing_is_raised(piece: str) -> None:
    assert not any(call.family for call in starts_of(piece * (16_000 // len(piece))).calls)


def test_starts_when_variables_are_given_on_the_way_then_they_are_known() -> None:
    starts = starts_of('A=1 x; export B="two words"; env C=3 y "$PROMPT"; KEY=$(cat key) z')
    assert starts.assigned.keys() == {"A", "B", "C", "KEY"}
    assert (starts.assigned["A"], starts.assigned["B"], starts.assigned["C"]) == ("1", "two words", "3")
    assert starts.assigned["KEY"]


@pytest.mark.parametrize(("template", "tty", "codes"), HABITS, ids=[f"{row[0]} {row[1]}" for row in HABITS])
def test_habits_when_an_agent_is_started_like_that_then_what_follows_is_said(
    template: str, tty: bool, codes: set[str]
) -> None:
    said = [lack for call in starts_of(template).calls for lack in habits(call, Around(tty=tty, fed=call.fed, env={}))]
    assert {lack.code for lack in said} == codes
    assert all(lack.severity == "warning" and lack.text and lack.fix for lack in said)


def test_habits_when_a_variable_settles_it_then_nothing_is_said() -> None:
    env = {"GEMINI_CLI_TRUST_WORKSPACE": "true", "AIDER_YES_ALWAYS": "true"}
    for template in ("gemini -y --prompt=$PROMPT", "aider --message=$PROMPT"):
        (call,) = starts_of(template).calls
        assert list(habits(call, Around(tty=True, fed=False, env=env))) == []
