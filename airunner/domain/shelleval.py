"""Where a shell itself makes code of a value: as a program's name, in a variable that others obey, as a variable's name.

Names of variables are code because bash, ksh and zsh evaluate a subscript in them: `read 'a[$(reboot)]'` runs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from airunner.domain.shellbase import OPAQUE, Problem, Word, is_ours
from airunner.domain.shellprograms import assignments, may_vanish, program, program_words, simple_words
from airunner.domain.shellread import Command

OWN_NAME = "own_variable"
PROGRAM = "prompt_is_command"
PROMPT_IS_CODE = "prompt_is_code"  # on purpose: nothing else stands there
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?\+?=")
# What shells, the dynamic linker (ld.so(8)), git and interpreters run or load when it is set.
_OBEYED = re.compile(
    r"(PATH|IFS|ENV|BASH_ENV|BASH_FUNC.*|SHELLOPTS|BASHOPTS|PS[0-4]|PROMPT_COMMAND|SHELL|EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|"
    r"LD_.*|GCONV_PATH|LESSOPEN|LESSCLOSE|GIT_(SSH|SSH_COMMAND|EDITOR|SEQUENCE_EDITOR|PAGER|EXTERNAL_DIFF|ASKPASS|PROXY_COMMAND|"
    r"CONFIG.*|EXEC_PATH|TEMPLATE_DIR)|SSH_ASKPASS|PERL5OPT|PERL5LIB|PYTHONSTARTUP|PYTHONPATH|PYTHONHOME|PYTHONINSPECT|NODE_OPTIONS|"
    r"NODE_PATH|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|MAKEFLAGS|FPATH|ZDOTDIR|HISTFILE)\Z"
)
_FIRST_ELEMENT = re.compile(r"\(\s*\S*")
_DECLARING = frozenset({"declare", "typeset", "local", "export", "readonly"})
_NAMING = frozenset({"read", "readarray", "mapfile", "getopts", "unset"})
_TESTS = re.compile(r"-(v|R|eq|ne|lt|le|gt|ge)\Z")


@dataclass(frozen=True, slots=True)
class Trap:
    """From `start` to `end` a value that is not the operator's own must not stand; `code` and `text` say why."""

    start: int
    end: int
    code: str
    text: str
    deep: bool = True  # whether the output of a substitution counts as well


def traps_in(command: Command) -> list[Trap]:
    """Where in `command` the shell would take a value for code."""
    found = [trap for word in (*assignments(command), *program_words(command)) for trap in _of_assignment(word)]
    found += [_trap(word) for word in command.words if _is_list(word)]
    # Bash expands the target of >& once more when it turns out to be a file.
    found += [_trap(target) for operator, target in command.redirections if operator.endswith("&")]
    words = simple_words(command)
    for word in words:
        text = "The prompt would say which program is run; name the program, and give it the prompt as an argument."
        code = PROMPT_IS_CODE if len(command.words) == 1 and word.literal == OPAQUE else PROGRAM
        found.append(Trap(word.start, word.end, code, text))
        if not may_vanish(word):
            break
    if words:
        name = program(words[0])
        traps = [_trap(word) for word in _of_builtin(name, words[1:])]
        found += [replace(trap, deep=False) for trap in traps] if name in ("test", "[") else traps
    return found


def own_names(command: Command) -> list[Problem]:
    """Our variables, where the template sets them: what stands in them would no longer be what the run was given."""
    found = []
    names = [(word, _ASSIGNED.match(word.raw)) for word in assignments(command)]
    words = simple_words(command)
    if words and program(words[0]) in _DECLARING:
        names += [(word, _ASSIGNED.match(word.raw)) for word in words[1:]]
    if command.loop and command.words:
        names.append((command.words[0], re.match(r"(\w+)", command.words[0].raw)))
    for word, match in names:
        if match and is_ours(match[1]):
            text = f"{match[1]} is set for every run; give this one another name."
            found.append(Problem(OWN_NAME, text, word.start, word.start + len(match[1])))
    return found


class Value(NamedTuple):
    """A name that is given what stands from `start` to `end`; of several words the first ends at `first`."""

    name: str
    start: int
    end: int
    first: int


def assigned(command: Command) -> list[Value]:
    """The names that `command` gives values to."""
    words = simple_words(command)
    found = []
    for word in command.words:  # those behind `env` and `sudo` are variables, too
        match = _ASSIGNED.match(word.raw)
        if match and not command.loop:
            first = _FIRST_ELEMENT.match(word.raw, match.end())
            found.append(Value(match[1], word.start, word.end, word.start + first.end() if first else word.end))
    if command.loop and command.words:
        start, end = command.words[0].start, command.words[-1].end
        found.append(Value(command.words[0].raw, start, end, end))
    literals = [word.literal for word in words]
    if literals[:2] == ["printf", "-v"] and len(words) > 2:
        found.append(Value(literals[2], words[2].end, words[-1].end, words[-1].end))
    return found


def loops_over_positions(command: Command) -> bool:
    """Whether it is a `for` without `in`, which goes through `$@`."""
    return command.loop and len(command.words) == 1


def read_names(command: Command) -> list[str]:
    """The names that are given what `command` reads, whoever writes that."""
    words = simple_words(command)
    if not words or program(words[0]) not in ("read", "readarray", "mapfile"):
        return []
    return [word.literal for word in words[1:] if not word.literal.startswith("-")] or ["REPLY", "MAPFILE"]


def integers(command: Command) -> list[str]:
    """The names that `command` declares to be integers or references: what is assigned to them later is evaluated."""
    words = simple_words(command)
    if not words or program(words[0]) not in _DECLARING:
        return []
    if not any(re.match(r"-[A-Za-z]*[in]", word.literal) for word in words[1:]):
        return []
    return [word.literal.partition("=")[0] for word in words[1:] if not word.literal.startswith("-")]


def passed_words(command: Command, functions: frozenset[str]) -> list[Word]:
    """The words of `command` that become `$1` and so on in this script: of `set`, and of the functions it defines."""
    words = simple_words(command)
    if not words or program(words[0]) not in functions | {"set"}:
        return []
    return [word for word in words[1:] if word.literal != "--"]


def _is_list(word: Word) -> bool:
    """Whether a word is several to bash and zsh: `{a,b}` (bash manual, Brace Expansion)."""
    plain = "".join(segment.text if segment.style == "plain" else "x" for segment in word.segments)
    return "{" in plain and "," in plain and "}" in plain


def _of_assignment(word: Word) -> list[Trap]:
    match = _ASSIGNED.match(word.raw)
    if not match:
        return []
    found = [_trap(word, match.end(2))] if match[2] else []
    if _OBEYED.match(match[1]):
        text = f"Programs do what {match[1]} says, so it must not hold the prompt."
        found.append(Trap(word.start, word.end, PROGRAM, text))
    return found


def _of_builtin(name: str, words: list[Word]) -> list[Word]:
    """The words that name variables, or whose values are evaluated as arithmetic."""
    if name in _DECLARING:
        evaluates = any(re.match(r"[-+][A-Za-z]*[in]", word.literal) for word in words)
        return words if evaluates else [word for word in words if not _ASSIGNED.match(word.raw)]
    if name in _NAMING:
        return [word for place, word in enumerate(words) if not (place and words[place - 1].literal in ("-p", "-d"))]
    if name == "let":
        return words
    if name in ("test", "[") and any(_TESTS.match(word.literal) for word in words):
        return words
    return []


def _trap(word: Word, size: int | None = None) -> Trap:
    text = "A shell evaluates what stands here, commands in it included; it must not hold the prompt."
    return Trap(word.start, word.end if size is None else word.start + size, "unsupported_expansion", text)
