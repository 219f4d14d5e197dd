"""Which words of a command another program reads as code: `sh -c`, `su -c`, `eval`, `ssh`, `python -c`, `sed`, `make` and so on.

Shells and interpreters count wherever they stand in a command, for no list of the programs that start others is complete.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from airunner.domain.shellbase import Segment, Word
from airunner.domain.shellcode import CODE_READERS, INPUT_READERS, INTERPRETERS, SHELLS, SWITCHERS, WRAPPERS
from airunner.domain.shellprograms import ASSIGNMENT, Reach, may_vanish, program_words, programs
from airunner.domain.shellread import Command

_LONG_COMMANDS = ("--command", "--session-command")
_SOURCES = frozenset({"source", "."})
_READERS = _SOURCES | {"eval", "ssh", "trap", "sudo"} | SWITCHERS.keys() | CODE_READERS.keys()
_INPUTS = _SOURCES | {"su", "runuser", "ssh", "xargs", "sudo"} | INPUT_READERS
_INTERPRETER = re.compile(rf"({INTERPRETERS})\Z")
_CODE_OPTION = re.compile(r"-[A-Za-z]*[cerEp]\Z|--?(eval|print|execute|command|expression)\Z|eval\Z", re.IGNORECASE)
_STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/", "/dev/tcp/")
_INTERPRETER_VALUES = frozenset({"-W", "-X", "-I", "-C", "-M", "--require", "--import", "--loader", "--env-file"})
_SSH_WITH_VALUE = re.compile(r"-[A-Za-z0-9]*[BbcDEeFIiJLlmOoPpQRSWw]\Z")


@dataclass(frozen=True, slots=True)
class Nested:
    """Words that are code of `kind`: "shell"; "code" for another language; "file" for the name of a script.

    The first `skip` characters of the first word are no code.
    """

    kind: str
    words: tuple[Word, ...]
    environment: bool = True  # whether our variables surely reach that shell
    whole: bool = False  # whether a word that is the prompt and nothing else is meant as the script
    skip: int = 0


class Input(NamedTuple):
    """That a command runs its standard input: as "shell" text or other "code"; whether our variables reach it."""

    kind: str
    environment: bool


def nested_in(command: Command) -> list[Nested]:
    """The words of `command` that another shell (or language) will read as code."""
    words = program_words(command)
    found: list[Nested] = []
    taken: set[int] = set()
    reach = Reach()
    for place, name, may_lead in programs(words):
        if words[place].start not in taken and (
            name in SHELLS or _INTERPRETER.match(name) or (may_lead and name in _READERS)
        ):
            # `su -s /bin/bash -c …` names two shells and has one text.
            nested = _nested(name, reach.surely, words[place + 1 :], may_lead)
            found += [one for one in nested if one.kind != "shell" or one.words[0].start not in taken]
            taken |= {word.start for one in nested if one.kind != "file" for word in one.words}
        reach.go_on(words[place])
    return found


def _nested(name: str, surely: bool, rest: list[Word], may_lead: bool) -> list[Nested]:
    if name in SHELLS:
        return [one for one in _of_shell(rest, surely) if may_lead or one.kind == "shell"]
    if _INTERPRETER.match(name):
        return _of_interpreter(rest, may_lead)
    if name in SWITCHERS:
        return _of_switcher(name, rest, name in ("script", "flock") and surely)
    if name == "eval":
        return [Nested("shell", tuple(rest), True, len(rest) == 1)] if rest else []
    if name == "ssh":
        return _of_ssh(rest)
    if name == "trap":
        return [Nested("shell", (word,), True, True) for word in rest[:1] if not word.literal.startswith("-")]
    if name == "sudo":
        return _of_sudo(rest)
    if name in _SOURCES:
        return [Nested("file", (word,), whole=True) for word in rest[:1]]
    return _of_reader(name, rest)


def input_of(command: Command) -> Input | None:
    """Whether `command` is a program that runs its standard input, as `sh` without a script does."""
    words, reach = program_words(command), Reach()
    for place, name, may_lead in programs(words):
        if name in SHELLS or (may_lead and (name in _INPUTS or _INTERPRETER.match(name))):
            reads = _input(name, reach.surely, words[place + 1 :])
            if reads or name in SHELLS:
                return reads
        reach.go_on(words[place])
    return None


def _input(name: str, surely: bool, rest: list[Word]) -> Input | None:
    if name in SHELLS:
        return Input("shell", surely) if _is_script_free(rest) else None
    texts = [word.literal for word in rest]
    if name in ("su", "runuser"):
        return (
            Input("shell", False)
            if "--" not in texts and not any(_code_of_option(name, text) for text in texts)
            else None
        )
    if name == "ssh":
        return None if any(one.kind == "shell" for one in _of_ssh(rest)) else Input("shell", False)
    if name in _SOURCES:
        return Input("code", True) if texts and texts[0].startswith(_STREAMS) else None
    if name == "xargs":
        return Input("code", True) if _xargs_runs_input(rest) else None
    if name == "sudo":
        shell = _shell_of_sudo(rest) and all(word.literal.startswith("-") for word in rest)
        return Input("shell", False) if shell else None
    if name in INPUT_READERS:
        return Input("code", True)
    is_free = all(
        text == "-" or text.startswith(_STREAMS) or (text.startswith("-") and not _CODE_OPTION.match(text))
        for text in texts[:3]
    )
    return Input("code", True) if is_free else None


def _of_shell(words: list[Word], environment: bool) -> list[Nested]:
    """`-c` may stand among other options; the command string is the first word that is none, or else a script's name."""
    found: list[Nested] = []  # words that may not be there, so that the next is the code
    takes_code = skip_next = False
    for word in words:
        text = word.literal
        if skip_next:
            skip_next = False
        elif text[:1] in ("-", "+") and len(text) > 1:
            takes_code |= text[:1] == "-" and text[1:2] != "-" and "c" in text
            skip_next = text.rstrip("c")[-1:] in ("o", "O") and not text.startswith("--")
            skip_next |= text in ("--rcfile", "--init-file")
        elif may_vanish(word):
            found.append(Nested("code", (word,)))
        else:
            kind = "shell" if takes_code else "file"
            return [*found, Nested("code" if found else kind, (word,), environment, True)]
    return found


def _of_sudo(words: list[Word]) -> list[Nested]:
    """With -i or -s, sudo(8) hands the words to a shell, and leaves each $ in them as it is."""
    return [Nested("code", (word,)) for word in words] if _shell_of_sudo(words) else []


def _shell_of_sudo(words: list[Word]) -> bool:
    for word in words:
        if not word.literal.startswith("-"):
            return False
        if word.literal in ("--login", "--shell") or re.match(r"-[A-Za-z]*[is]", word.literal):
            return True
    return False


def _xargs_runs_input(words: list[Word]) -> bool:
    """Whether what xargs(1) reads gets into a script, is one, or names the program: it is put into the text or behind it."""
    replaces = any(word.literal.startswith(("-I", "-i", "--replace")) for word in words)
    xargs = Word(0, segments=[Segment("xargs", 0, 0, "plain")])
    for place, name, may_lead in programs([xargs, *words]):
        if may_lead and place and name not in WRAPPERS:
            if name in ("ssh", "su", "runuser", "eval", "sudo"):
                return True
            if name in SHELLS or _INTERPRETER.match(name):
                nested = _nested(name, False, words[place:], True)
                return replaces or not any(one.kind != "code" or one.whole for one in nested)
            return False
    return any(name in WRAPPERS for _, name, may_lead in programs(words) if may_lead)


def _is_script_free(words: Sequence[Word]) -> bool:
    """Whether a shell with these arguments reads its input: it has -s, or neither a command string nor a script."""
    for text in (word.literal for word in words):
        if text[:1] == "-" and text[1:2] != "-" and set("cs") & set(text):
            return "s" in text
        if text[:1] not in ("-", "+"):
            return text.startswith(_STREAMS)
    return True


def _of_switcher(name: str, words: list[Word], environment: bool) -> list[Nested]:
    found = []
    for place, word in enumerate(words):
        skip = _code_of_option(name, word.literal)
        if skip and skip < len(word.literal):
            plain = word.raw[:skip] == word.literal[:skip]
            found.append(Nested("shell" if plain else "code", (word,), environment, skip=skip))
        elif skip and place + 1 < len(words):
            found.append(Nested("shell", (words[place + 1],), environment, whole=True))
    return found


def _code_of_option(name: str, text: str) -> int:
    """Where in an option the shell text begins that it gives: at its end when that is the next word; 0 for others."""
    if text.startswith("--"):
        option = text.partition("=")[0]
        if len(option) > 2 and any(known.startswith(option) for known in _LONG_COMMANDS):
            return len(option) + ("=" in text)
    elif text.startswith("-"):
        for place, letter in enumerate(text[1:], 2):
            if letter in SWITCHERS[name]:
                return place if letter == "c" else 0
    return 0


def _of_ssh(words: list[Word]) -> list[Nested]:
    """After the options and the host, all words together are one line for the shell over there."""
    place = 0
    while place < len(words) and words[place].literal.startswith("-"):
        place += 2 if _SSH_WITH_VALUE.match(words[place].literal) else 1
    found = [Nested("code", (word,)) for word in words[: place + 1]]  # -o ProxyCommand=…
    rest = tuple(words[place + 1 :])
    return [*found, Nested("shell", rest, False, len(rest) == 1)] if rest else found


def _of_interpreter(words: list[Word], may_lead: bool) -> list[Nested]:
    """The options, the values of those that take code, and the script's name where no code was given."""
    found: list[Nested] = []
    is_code = has_code = is_value = False
    for word in words:
        text = word.literal
        if is_value:
            is_value = False
        elif is_code:
            found.append(Nested("code", (word,), whole=True))
            is_code = False
        elif text == "-m":  # a module of Python's, and its own arguments
            return found
        elif text.startswith("-") or text == "eval":
            is_value = text in _INTERPRETER_VALUES
            is_code = bool(_CODE_OPTION.match(text))
            has_code |= is_code
            found.append(Nested("code", (word,)))
        else:
            return found if has_code or not may_lead else [*found, Nested("file", (word,), whole=True)]
        if not may_lead and not has_code:
            return []
    return found


def _of_reader(name: str, words: list[Word]) -> list[Nested]:
    """The operands and the values of options that are code for a program of the table."""
    operands, options, values = CODE_READERS[name]
    if name == "git" and {"foreach", "config", "bisect", "filter-branch"} & {word.literal for word in words[:6]}:
        operands = range(1, 1000)
    found, operand, takes_value, is_value = [], 0, False, False
    for word in words:
        text = word.literal
        if is_value:
            is_value = False
        elif takes_value:
            found.append(Nested("code", (word,)))
            takes_value = False
        elif text.startswith(("-", "+")) and len(text) > 1:
            takes_value, is_value = bool(options.fullmatch(text)), bool(values.fullmatch(text))
            if options.match(text):
                found.append(Nested("code", (word,)))
        elif name in WRAPPERS and not ASSIGNMENT.match(word.raw):
            break  # the program that it starts, with its own options
        else:
            operand += 1
            if operand in operands:
                found.append(Nested("code", (word,)))
    return found
