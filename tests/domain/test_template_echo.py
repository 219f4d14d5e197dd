"""The harmless trial of a template: `echo` in front of the command that gets the prompt."""

from __future__ import annotations

import pytest

from airunner.base.errors import Invalid
from airunner.domain.template import echoed

CLEAR = [
    ("x $PROMPT", "echo x $PROMPT"),
    ('cd $A && A=1 x "$PROMPT" 2>&1 2>/dev/null', 'cd $A && A=1 echo x "$PROMPT" 2>&1 2>/dev/null'),
    ("timeout 5 x --file=$PROMPT_FILE", "echo timeout 5 x --file=$PROMPT_FILE"),
    ('if y; then x "$PROMPT"; else z "$PROMPT"; fi', 'if y; then echo x "$PROMPT"; else echo z "$PROMPT"; fi'),
    ("sh -c 'cd a; x \"$PROMPT\"'", "sh -c 'cd a; echo x \"$PROMPT\"'"),
    ('sh -c \'x "$1"\' _ "$PROMPT"', 'echo sh -c \'x "$1"\' _ "$PROMPT"'),
    ('su - u -c "cd a; x \\"$PROMPT\\""', 'su - u -c "cd a; echo x \\"$PROMPT\\""'),
    ("ssh h x y $PROMPT", "ssh h echo\\ x y $PROMPT"),
    ('ssh a "ssh b \\"x $PROMPT\\""', 'ssh a "ssh b \\"echo x $PROMPT\\""'),
    ("sh <<E\nx $PROMPT\nE", "sh <<E\necho x $PROMPT\nE"),
    ('x "$(cat "$PROMPT_FILE")"', 'echo x "$(cat "$PROMPT_FILE")"'),
    ("x <(cat $PROMPT_FILE)", "echo x <(cat $PROMPT_FILE)"),
    ('x "$PROMPT" 2>&1 | cat | tail', 'echo x "$PROMPT" 2>&1 | cat | tail'),
    ("x -y < $PROMPT_FILE", "echo x -y < $PROMPT_FILE"),
    ("x $PROMPT; y < $PROMPT_FILE", "echo x $PROMPT; echo y < $PROMPT_FILE"),
    ('bash -c "$PROMPT"', 'echo bash -c "$PROMPT"'),
]


@pytest.mark.parametrize(("template", "expected"), CLEAR)
def test_echo_stands_in_front_of_the_innermost_command_with_the_prompt(template: str, expected: str) -> None:
    assert echoed(template) == expected


UNCLEAR = [
    "x; true",
    'cat a | x "$PROMPT"',
    'cat "$PROMPT_FILE" | x',
    "cat $PROMPT_FILE | cat | x",
    "x $PROMPT | tee log",
    "x $PROMPT > log",
    "x $PROMPT >> log 2>&1",
    'export Q="$PROMPT"; x',
    'read -r q <<< "$PROMPT"; x "$q"',
    "x <<E\n$PROMPT\nE",
    'p="$PROMPT"; x "$p"',
    "for p in $PROMPT; do x $p; done",
    "case $PROMPT in a) x;; esac",
    "sh -c 'y | x \"$PROMPT\"'",
]


@pytest.mark.parametrize("template", UNCLEAR)
def test_where_it_is_unclear_it_is_said(template: str) -> None:
    with pytest.raises(Invalid) as raised:
        echoed(template)
    assert raised.value.code == "test_unclear"
    assert "small prompt" in raised.value.message


def test_a_template_with_errors_has_no_trial() -> None:
    with pytest.raises(Invalid) as raised:
        echoed("x $PROMPT 'it")
    assert raised.value.code != "test_unclear"
