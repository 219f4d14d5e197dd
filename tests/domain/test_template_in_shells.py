"""Templates in real shells: what is rewritten arrives byte for byte, and shells agree on what is valid."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from airunner.domain.template import read, rewrite
from tests.helpers.delivery import PROMPTS

SHELLS = ["/bin/bash", "/bin/dash"]
SHOW = "env printf '%s\\0'"  # a program of its own: each argument and a NUL

NASTY = {
    name: text
    for name, text in PROMPTS.at(Path("/nowhere/canary")).items()
    if name not in ("very long", "history of a here-document", "controls")
}

CONTEXTS = {
    "plain": (f"{SHOW} $PROMPT", b"%s\0"),
    "braces": (f"{SHOW} ${{PROMPT}}", b"%s\0"),
    "double": (f'{SHOW} "$PROMPT"', b"%s\0"),
    "single": (f"{SHOW} '$PROMPT'", b"%s\0"),
    "option": (f"{SHOW} --p=$PROMPT", b"--p=%s\0"),
    "option in quotes": (f'{SHOW} --p="$PROMPT"', b"--p=%s\0"),
    "glued": (f"{SHOW} a${{PROMPT}}b'c'", b"a%sbc\0"),
    "within double": (f'{SHOW} "a $PROMPT b"', b"a %s b\0"),
    "within single": (f"{SHOW} 'a \"$PROMPT\" b'", b'a "%s" b\0'),
    "two arguments": (f"{SHOW} x $PROMPT y", b"x\0%s\0y\0"),
    "here-document": ("cat <<EOF\nit's $PROMPT\nEOF", b"it's %s\n"),
    "assignment": (f"A=$PROMPT; {SHOW} \"$A\"", b"%s\0"),
    "loop": (f"for p in $PROMPT; do {SHOW} \"$p\"; done", b"%s\0"),
    "case": (f"case $PROMPT in $PROMPT) {SHOW} $PROMPT;; esac", b"%s\0"),
    "group": (f"( {{ {SHOW} $PROMPT; }} )", b"%s\0"),
    "default": (f"{SHOW} ${{NOT_SET:-$PROMPT}}", b"%s\0"),
    "default in quotes": (f'{SHOW} "${{NOT_SET:-$PROMPT}}"', b"%s\0"),
    "substitution": (f'{SHOW} "$({SHOW} $PROMPT | tr -d \'\\0\'; echo .)"', b"%s.\0"),
    "positional": (f"sh -c '{SHOW.replace(chr(39), chr(34))} \"$1\"' _ $PROMPT", b"%s\0"),
    "inner shell, single": (f"sh -c '{SHOW.replace(chr(39), chr(34))} \"$PROMPT\"'", b"%s\0"),
    "inner shell, unquoted": (f"sh -c '{SHOW.replace(chr(39), chr(34))} $PROMPT'", b"%s\0"),
    "inner shell, double": (f'bash -c "{SHOW} \\"\\$PROMPT\\""', b"%s\0"),
    "inner shell, double, unquoted": (f'bash -c "{SHOW} x\\$PROMPT"', b"x%s\0"),
    "inner shell, single in double": (f"sh -c \"{SHOW} '\\$PROMPT'\"", b"%s\0"),
    "two inner shells": (f"bash -c \"sh -c '{SHOW.replace(chr(39), chr(92) + chr(34))} \\$PROMPT'\"", b"%s\0"),
    "eval": (f"eval \"{SHOW} \\$PROMPT\"", b"%s\0"),
    "inner shell from a here-document": (f"sh <<'EOF'\n{SHOW} $PROMPT\nEOF", b"%s\0"),
    "inner shell from an expanded one": (f"sh <<EOF\n{SHOW} a\\$PROMPT\nEOF", b"a%s\0"),
}  # fmt: skip

ONLY_BASH = {
    "here-string": ("cat <<< $PROMPT", b"%s\n"),
    "array": (f'a=(x $PROMPT); {SHOW} "${{a[1]}}"', b"%s\0"),
    "test": (f"[[ $PROMPT == $PROMPT ]] && {SHOW} $PROMPT", b"%s\0"),
    "process substitution": (f"cat <({SHOW} $PROMPT)", b"%s\0"),
}


def output(shell: str, template: str, prompt: str) -> bytes:
    """What the rewritten template prints with the prompt exported."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "PROMPT": prompt}
    done = subprocess.run(
        [shell, "-c", rewrite(template)], env=environment, capture_output=True, check=True, timeout=20
    )
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("context", CONTEXTS)
def test_prompt_arrives_byte_for_byte_in_every_context(shell: str, context: str) -> None:
    template, form = CONTEXTS[context]
    for name, prompt in NASTY.items():
        expected = form.replace(b"%s", prompt.encode())
        assert output(shell, template, prompt) == expected, name


@pytest.mark.parametrize("context", ONLY_BASH)
def test_prompt_arrives_byte_for_byte_in_what_only_bash_knows(context: str) -> None:
    template, form = ONLY_BASH[context]
    for name, prompt in NASTY.items():
        assert output("/bin/bash", template, prompt) == form.replace(b"%s", prompt.encode()), name


@pytest.mark.parametrize("template", ['bash -c "$PROMPT"', "sh -c $PROMPT", 'eval "$PROMPT"'])
def test_a_prompt_that_is_the_script_is_run_as_it_is(template: str) -> None:
    script = "printf '%s' \"it's $HOME\" # \\"
    assert output("/bin/bash", template, script) == b"it's /nowhere"


AGREED = [
    "x $PROMPT",
    "echo 'a\\' $PROMPT",
    "cat <<EOF\ndon't $PROMPT\nEOF",
    'x $PROMPT # "',
    "case x in a) echo $PROMPT;; esac",
    "x $((1+2)) $PROMPT",
    "x $((echo a); (echo b)) $PROMPT",
    "x $'don\\'t' $PROMPT",
    'echo "it\'s $PROMPT"',
    "x $PROMPT `date",
    "(cd x; y $PROMPT",
    '$PROMPT "$(date',
    "x ${PROMPT",
    "x $PROMPT 'it",
    'x "$PROMPT',
    "x $PROMPT )",
    "x $PROMPT; }",
    "x $PROMPT; fi",
    "x $PROMPT (y)",
    "x $PROMPT >",
    "{ x $PROMPT",
    "{ { x $PROMPT; } }",
    "if x; then y $PROMPT",
    "if x; then y; fi $PROMPT".replace("fi $", "fi; y $"),
    "while x; do y $PROMPT; done",
    "for i in a; do y $PROMPT",
    "for ((i=0;i<2;i++)); do x $PROMPT; done",
    "case x in a) y $PROMPT;;",
    "case x in (a) y $PROMPT; esac",
    "case $PROMPT in a|b) ;; esac",
    "[[ -n $PROMPT",
    "[[ ( a == b ) || -n $PROMPT ]]",
    "f() { x $PROMPT; }; f",
    "f() { x $PROMPT; ",
    "a=(x $PROMPT)",
    "a=(x $PROMPT",
    "x ${a:-${b:-'}'}} $PROMPT",
    'x "${a:-\'}" $PROMPT',
    'x "`echo \\`date\\``" $PROMPT',
    "x <<'E' $PROMPT\n$( ' \"\nE\n",
    "x <(y $PROMPT) >(z)",
    "! x $PROMPT && { y; } || (z)",
    "echo fi done } esac $PROMPT",
    "x $PROMPT ;; y",
    "time x $PROMPT",
    "x \\\n$PROMPT",
    "x {a,b} $PROMPT &",
    "function f { x $PROMPT; }",
    "until x; do y $PROMPT; done > log",
]


@pytest.mark.parametrize("template", AGREED)
def test_bash_agrees_on_which_templates_are_valid(template: str) -> None:
    assert shutil.which("bash")
    valid = subprocess.run(["/bin/bash", "-n", "-c", template], capture_output=True, timeout=20).returncode == 0
    assert (not read(template).errors) == valid
