"""Prompts in every quoting context, through real shells: what arrives is what was sent, and nothing of it is run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airunner.domain.template import CARRY, quoted, read, rewrite
from tests.helpers.delivery import CANARY, CONTEXTS, PROMPTS, make_programs

SHELLS = ["/bin/bash", "/bin/dash"]
EXACT = {name: (template, form) for name, (template, form) in CONTEXTS.items() if form}


def shown(shell: str, template: str, prompt: str, folder: Path) -> bytes:
    """The argument that `show` got, with what the template needs in the environment."""
    reading = read(template)
    values = {"PROMPT": prompt, "PROMPT_FILE": "/nowhere/prompt", "WORKING_DIR": str(folder), "RUN_ID": "r"}
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "LANG": "C.UTF-8", **reading.exports(values)}
    (folder / "shown").unlink(missing_ok=True)
    command = [shell, "-c", rewrite(template)]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=30
    )
    assert done.stderr == b"" and done.returncode == 0
    assert not (folder / CANARY).exists()
    return (folder / "shown").read_bytes()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that the contexts call."""
    return make_programs(tmp_path_factory.mktemp("programs"))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("context", EXACT)
def test_every_prompt_arrives_byte_for_byte_in_every_context(programs: Path, shell: str, context: str) -> None:
    template, form = EXACT[context]
    worst = [
        "apostrophe",
        "trailing newlines",
        "substitution",
        "out of apostrophes",
        "controls",
        "backslashes",
        "dash",
        "emoji",
    ]
    prompts = PROMPTS.at(programs / CANARY)
    for name in worst:
        arrived = shown(shell, template, prompts[name], programs)
        assert arrived == form.replace("%s", prompts[name]).encode() + b"\0", name


TEXT = st.text(
    st.sampled_from("ab '\"\\$`\n\t;&|(){}[]<>#!*?~%=-@\r\x01é漢🦦")
    | st.characters(exclude_characters="\0", codec="utf-8")
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(prompt=TEXT, context=st.sampled_from(sorted(EXACT)), shell=st.sampled_from(SHELLS))
def test_random_prompts_arrive_byte_for_byte(programs: Path, prompt: str, context: str, shell: str) -> None:
    template, form = EXACT[context]
    assert shown(shell, template, prompt, programs) == form.replace("%s", prompt).encode() + b"\0"


def test_exports_are_what_the_template_uses_and_what_must_be_carried() -> None:
    values = {"PROMPT": "it's", "PROMPT_FILE": "/f", "WORKING_DIR": "/w", "RUN_ID": "r"}
    assert read("x $PROMPT").exports(values) == {"PROMPT": "it's", "WORKING_DIR": "/w", "RUN_ID": "r"}
    assert read("x < $PROMPT_FILE").exports(values) == {"PROMPT_FILE": "/f", "WORKING_DIR": "/w", "RUN_ID": "r"}
    carried = read('su - u -c "cd $WORKING_DIR; x $PROMPT"').exports(values)[CARRY]
    assert carried == "PROMPT='it'\"'\"'s';WORKING_DIR='/w';export PROMPT WORKING_DIR;"
    twice = read('ssh a "ssh b \\"x $PROMPT\\""').exports(values)[CARRY]
    assert twice.startswith("PROMPT=") and f"{CARRY}=" in twice


LONGEST = [
    ('x "$PROMPT"', 5000 + len("PROMPT=")),
    ('x "a long prefix $PROMPT"', 5000 + len("a long prefix ")),
    ("x $PROMPT$PROMPT", 2 * 5000),
    ('x "$(cat "$PROMPT_FILE")"', 5000),
    ("x < $PROMPT_FILE", len("WORKING_DIR=/w")),
]


@pytest.mark.parametrize(("template", "bytes_"), LONGEST)
def test_longest_is_what_the_kernel_is_given(template: str, bytes_: int) -> None:
    values = {"PROMPT": "p" * 5000, "PROMPT_FILE": "/f", "WORKING_DIR": "/w", "RUN_ID": "r"}
    assert read(template).longest(values) == bytes_


def test_longest_counts_what_quoting_adds_to_a_carried_prompt() -> None:
    values = {"PROMPT": "it's" * 1000, "PROMPT_FILE": "/f", "WORKING_DIR": "/w", "RUN_ID": "r"}
    reading = read('su - u -c "x $PROMPT"')
    assert 8000 <= reading.longest(values) <= 8200


@pytest.mark.parametrize("value", ["\\' touch @; #", "a\\\\b'c", "'\\''", "\\", "''", '$x `y` "z"', "\n"])
def test_what_is_quoted_is_one_word_in_any_shell_and_no_escape_stands_in_single_quotes(value: str) -> None:
    text = quoted(value)
    assert subprocess.run(["/bin/sh", "-c", f"printf %s {text}"], capture_output=True).stdout == value.encode()
    assert all("\\" not in part for part in re.findall("'[^']*'", re.sub('"[^"]*"', "", text)))
