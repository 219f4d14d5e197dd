"""Every nasty prompt in every quoting context, through a real server, shim and terminal: the child gets just these bytes."""

from __future__ import annotations

import hashlib
import sys

import pytest

from tests.helpers.delivery import CANARY, CONTEXTS, PROMPTS, make_programs
from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import House

_SHOW = """#!{python} -IS
import hashlib, os, sys
print(len(sys.argv) - 1, hashlib.sha256(os.fsencode(sys.argv[1])).hexdigest())
"""
RUN_THROUGH = [
    "plain", "double quotes", "single quotes", "option in quotes", "within single quotes", "sh -c, single quotes",
    "sh -c, escaped quotes", "two deep", "eval", "behind timeout", "behind env -i", "behind sudo", "su", "su, two deep",
    "su, input", "ssh of ssh",
]  # fmt: skip
TOO_LONG = (
    "ssh of ssh",
    "very long",
)  # twice in one argument: for the first host, and for what that one tells the second


def test_the_matrix_when_run_through_the_server_then_the_child_gets_every_byte(house: House) -> None:
    programs = make_programs(house.folder / "programs")
    (programs / "show").write_text(_SHOW.format(python=sys.executable))
    house.api("PATCH", "settings", {"maxConcurrentRuns": 8})
    prompts = PROMPTS.at(house.folder / CANARY)
    expected = {}
    for number, context in enumerate(RUN_THROUGH):
        template, form = CONTEXTS[context]
        assert form
        path = {"PATH": f"{programs}:/usr/bin:/bin"}
        make_profile(house, f"context-{number}", template, env=path, shell="/bin/sh" if number % 2 else "/bin/bash")
        for name, prompt in prompts.items():
            if (context, name) == TOO_LONG:
                continue
            run = start_run(house, prompt, f"context-{number}")
            digest = hashlib.sha256(form.replace("%s", prompt).encode()).hexdigest()
            expected[run["runId"]] = (context, name, f"1 {digest}\n")
    wrong = []
    for run_id, (context, name, output) in expected.items():
        run = house.wait_for_run(run_id)
        if (run["status"], run["stdout"]) != ("completed", output):
            wrong.append((context, name, run["status"], run["stdout"][:200]))
    assert wrong == []
    assert not (house.folder / CANARY).exists()
    assert len(expected) == len(RUN_THROUGH) * len(PROMPTS.texts) - 1


@pytest.mark.parametrize("shell", ["/usr/bin/fish", "/bin/false", "/usr/bin/python3"])
def test_a_profile_when_its_shell_is_no_posix_shell_then_it_is_refused(house: House, shell: str) -> None:
    body = {"name": "x", "invocationTemplate": 'x "$PROMPT"', "shell": shell}
    error = house.api("POST", "profiles", body, expect=400)
    assert "bash" in error["fields"]["shell"]
