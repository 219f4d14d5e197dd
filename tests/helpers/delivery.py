"""Prompts that break carelessly quoted commands, the quoting contexts they must survive, and programs to try them with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

CANARY = "canary"  # a file that appears where a prompt was run; prompts name it as @


class Prompts(NamedTuple):
    """Every nasty prompt by name; `@` stands for the canary's path."""

    texts: dict[str, str]

    def at(self, canary: Path) -> dict[str, str]:
        """The prompts with the canary's path in them."""
        return {name: text.replace("@", str(canary)) for name, text in self.texts.items()}


PROMPTS = Prompts(
    {
        "plain": "hello",
        "empty but for a blank": " ",
        "apostrophe": "don't",
        "apostrophes": "''''",
        "quoted apostrophe": "'\\''",
        "quotes": 'say "hi"',
        "backquotes": "`touch @` and ``",
        "substitution": "$(touch @) $((1+1)) ${HOME}",
        "home": "$HOME",
        "dollars": "cost $$5, $& and $1 and $@ and $",
        "placeholders": "$PROMPT ${PROMPT} $PROMPT_FILE $WORKING_DIR $RUN_ID",
        "carried": '$AIRUNNER_CARRY "$AIRUNNER_CARRY"',
        "variables to fill": "{{NAME}} {{ NAME }} {NAME}",
        "trailing backslash": "a\\",
        "backslashes": "\\n \\\\ \\' \\\"",
        "newlines": "a\n\nb",
        "trailing newlines": "a\n\n\n",
        "newlines only": "\n\n",
        "carriage returns": "a\r\nb\r\n",
        "tab and blanks": "\ta  b \t",
        "emoji": "🦦 é 漢 👩‍👩‍👧",
        "right to left": "\u202eabc\u202c \u200f שלום",
        "line separators": "a\u2028b\u2029c\u0085d",
        "combining": "e\u0301 \ufeff \u00a0",
        "controls": "\x01\x02\x03\x04\x07\x08\x1b[31mred\x1b[0m\x1c\x7f",
        "dash": "-n --help -- -e",
        "double dash": "--dangerously",
        "exclamation": "!! !$ wow! ^a^b",
        "percent": "%s %d %% %n",
        "glob": "* ? [a-z] {a,b} ~ ~root",
        "operators": "; touch @ & | > < ( ) # $",
        "comment": "# not a comment",
        "assignment": "A=1 PROMPT=2",
        "command line": "touch @",
        "commands on lines": "\ntouch @\n",
        "out of apostrophes": "'; touch @; '",
        "out of quotes": '"; touch @; "',
        "out of escaped quotes": "\\'; touch @; \\'",
        "out of parentheses": ")\ntouch @\n(",
        "out of braces": "}; touch @; {",
        "subscript": "a[$(touch @)]",
        "history of a here-document": "EOF\nE\ntouch @\nEOF\n",
        "closing an expansion": "}$(touch @)${x:-",
        "mail header": "From: a\n.\n\nb",
        "sed command": "x/e;1e touch @\n#",
        "json": '{"a": "b\\u0000", "c": [1]}',
        "html": "<script>alert('x')</script>&amp;",
        "long": "x' \"$" * 3_000,
        "very long": "word " * 20_000,
    }
)

CONTEXTS = {
    "plain": ("show $PROMPT", "%s"),
    "braces": ("show ${PROMPT}", "%s"),
    "double quotes": ('show "$PROMPT"', "%s"),
    "single quotes": ("show '$PROMPT'", "%s"),
    "option": ("show --p=$PROMPT", "--p=%s"),
    "option in quotes": ('show --p="$PROMPT"', "--p=%s"),
    "within double quotes": ('show "a $PROMPT b"', "a %s b"),
    "within single quotes": ("show 'a \"$PROMPT\" b'", 'a "%s" b'),
    "sh -c, single quotes": ("sh -c 'show \"$PROMPT\"'", "%s"),
    "sh -c, escaped quotes": ('sh -c "show \\"$PROMPT\\""', "%s"),
    "sh -c, escaped dollar": ('sh -c "show \\"\\$PROMPT\\""', "%s"),
    "sh -c, apostrophes inside": ("sh -c \"show '$PROMPT'\"", "%s"),
    "bash -ec": ("bash -ec 'show a$PROMPT'", "a%s"),
    "eval": ('eval show "$PROMPT"', "%s"),
    "eval of a string": ('eval "show \\"$PROMPT\\""', "%s"),
    "two deep": ('bash -c "sh -c \\"show \'$PROMPT\'\\""', "%s"),
    "behind timeout": ('timeout 60 bash -c "show \\"$PROMPT\\"; true"', "%s"),
    "behind env -i": ('env -i PATH="$PATH" sh -c "show \\"$PROMPT\\""', "%s"),
    "behind sudo": ("sudo -u nobody sh -c 'cd /; show $PROMPT'", "%s"),
    "su": ('su - nobody -c "cd / || cd ~; show \\"$PROMPT\\""', "%s"),
    "su, two deep": ('su - nobody -c "bash -c \\"show \'$PROMPT\'\\""', "%s"),
    "su, input": ("su - nobody <<EOF\nshow $PROMPT\nEOF", "%s"),
    "runuser": ("runuser nobody --command='show \"$PROMPT\"'", "%s"),
    "ssh": ('ssh host show "$PROMPT"', "%s"),
    "ssh of ssh": ('ssh host "ssh other \\"show \\\\\\"$PROMPT\\\\\\"\\""', "%s"),
    "docker exec": ('docker exec box sh -c "show \\"$PROMPT\\""', "%s"),
    "the file": ("show $(cat $PROMPT_FILE; echo .)", None),
    "default": ('show "${NOT_SET:-$PROMPT}"', "%s"),
    "loop": ('for p in $PROMPT; do show "$p"; done', "%s"),
    "positional": ("sh -c 'show \"$1\"' _ $PROMPT", "%s"),
    "variable": ('p="$PROMPT" && show "$p"', "%s"),
    "function": ('f() { show "$1"; }; f "$PROMPT"', "%s"),
}
"""Templates that give the prompt to `show`, and what its argument must be; None where a shell changes it by its own rules."""

_SHOW = """#!{python} -IS
import os, sys
with open(os.path.join({folder!r}, "shown"), "wb") as file:
    file.write(b"".join(os.fsencode(text) + b"\\0" for text in sys.argv[1:]))
"""
_ELSEWHERE = """#!/bin/sh
# {name}, as far as quoting goes: what follows {passed} words runs without our environment.
shift {passed}
exec env -i PATH="$PATH" {rest}
"""
_LOGIN = """#!/bin/sh
for word; do
  case $word in
    --command=*) exec env -i PATH="$PATH" sh -c "${word#--command=}";;
    -c) take=1;;
    *) [ "$take" ] && exec env -i PATH="$PATH" sh -c "$word";;
  esac
done
exec env -i PATH="$PATH" sh
"""


def make_programs(folder: Path) -> Path:
    """Make `show`, which writes its arguments to the file `shown` in `folder`, and stand-ins that drop the environment."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "show": _SHOW.format(python=sys.executable, folder=str(folder)),
        "sudo": _ELSEWHERE.format(name="sudo", passed=2, rest='"$@"'),
        "docker": _ELSEWHERE.format(name="docker", passed=2, rest='"$@"'),
        "ssh": _ELSEWHERE.format(name="ssh", passed=1, rest='sh -c "$*"'),
        "su": _LOGIN,
        "runuser": _LOGIN,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder
