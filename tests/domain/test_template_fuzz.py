"""Random shell text around placeholders: what is accepted, and what the shell itself parses, runs nothing of a prompt."""

from __future__ import annotations

import contextlib
import random
import subprocess
from pathlib import Path

import pytest

from airunner.base.errors import Invalid
from airunner.domain.template import echoed, read, rewrite
from tests.helpers.delivery import CANARY, PROMPTS

_PIECES = """
$PROMPT|${PROMPT}|"$PROMPT"|'$PROMPT'|\\$PROMPT|\\\\$PROMPT|\\"$PROMPT\\"|"${PROMPT:-x}"|${#PROMPT}|$PROMPT_FILE|$WORKING_DIR
p=$PROMPT;|$p|"$p"|p=("$PROMPT");|"${p[@]}"|$1|"$@"|sh -c |bash -c |eval |env -i sh -c |bash -s |read p |set -- |cat |x |true |echo
printf %s |exec |time |f() { |f |function f { |for p in |; do |; done|if true; then |; fi|case x in x) |;; esac|[[ | ]]|-eq|-v|{ |; }|(|)
$(|$((|))|${a:-|${a[|$[|]|}|<(|>(|"|"|'|'|\\|`|\\`|$'|;| | | |<<E~|~E~|<<'E'~|<<<|<|>&2|&&|&|#|~|=|a=(|!|*|{a,b}|trap |let |xargs |declare -i p;
""".replace("\n", "|").split("|")
_AROUND = [
    ('sh -c "', '"'),
    ("bash -c '", "'"),
    ('eval "', '"'),
    ('env -i sh -c "', '"'),
    ("x ", ""),
    ("(", ")"),
    ("sh <<E\n", "\nE\n"),
]
_WORST = [
    "substitution", "operators", "commands on lines", "out of apostrophes", "out of quotes", "out of escaped quotes",
    "out of parentheses", "out of braces", "subscript", "history of a here-document", "closing an expansion", "command line",
]  # fmt: skip


def template_of(chance: random.Random) -> str:
    """A few pieces in a row, half the time in a shell's text; `~` is the end of a line."""
    text = "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 12))).replace("~", "\n")
    before, after = chance.choice(_AROUND)
    return f"{before}{text}{after}" if chance.random() < 0.5 else text


def parses(shell: str, script: str) -> bool:
    """Whether the shell itself says so."""
    return subprocess.run([shell, "-n", "-c", script], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(("shell", "seed"), [("/bin/bash", 1), ("/bin/bash", 2), ("/bin/dash", 3), ("/bin/dash", 4)])
def test_nothing_of_a_prompt_is_run_by_any_template_that_is_accepted(tmp_path: Path, shell: str, seed: int) -> None:
    chance, canary = random.Random(seed), tmp_path / CANARY
    prompts = [PROMPTS.at(canary)[name] for name in _WORST]
    tried = 0
    for _ in range(4000):
        template = template_of(chance)
        reading = read(template)
        if reading.errors or "prompt_is_code" in [warning.code for warning in reading.warnings]:
            continue
        script = rewrite(template)
        if not parses(shell, script):
            continue
        tried += 1
        prompt = chance.choice(prompts)
        (tmp_path / "prompt").write_text(prompt)
        values = {
            "PROMPT": prompt,
            "PROMPT_FILE": str(tmp_path / "prompt"),
            "WORKING_DIR": str(tmp_path),
            "RUN_ID": "r",
        }
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(tmp_path), **reading.exports(values)}
        run(shell, script, environment, tmp_path)
        assert not canary.exists(), (template, prompt)
    assert tried > 50


def run(shell: str, script: str, environment: dict[str, str], folder: Path) -> None:
    """Run it for a moment; what it says does not matter."""
    command = [shell, "-c", script]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, env=environment, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=5)


def test_echo_can_be_asked_of_any_template(tmp_path: Path) -> None:
    chance, clear = random.Random(5), 0
    for _ in range(3000):
        template = template_of(chance)
        if read(template).errors:
            continue
        try:
            tried = echoed(template)
        except Invalid:
            continue
        clear += 1
        assert not read(tried).errors, template
    assert clear > 20
