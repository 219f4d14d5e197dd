"""Judges an invocation template: which of our variables stand where, what is wrong, what is dangerous; and rewrites it.

The prompt's text is never put into the template. It is exported as a variable, and each placeholder is written so that
the variable arrives as one argument, byte for byte, in the quoting it stands in. To a shell that does not get the
environment (behind `su -`, `sudo`, `ssh`) the variables are carried in front of its text, quoted as POSIX says (XCU 2.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from airunner.base.errors import Invalid
from airunner.domain.findings import CARRY, Budget, Findings, Load, Placeholder
from airunner.domain.placeholders import examine
from airunner.domain.shellbase import Problem
from airunner.domain.shellinner import Edit
from airunner.domain.shellrefuse import NESTED, QUOTED_DOCUMENT, UNSUPPORTED

__all__ = ["ALWAYS_EXPORTED", "CARRY", "Placeholder", "Problem", "Reading", "echoed", "quoted", "read", "rewrite"]

_ABOUT_PLACEHOLDERS = frozenset({NESTED, QUOTED_DOCUMENT, UNSUPPORTED, "prompt_is_command"})
_MOST_CHARACTERS = 160_000  # read in all, the texts inside of texts included
_TO_DOUBLE = re.compile(r"['\\]+")
_MOST_CARRIED = 3  # each takes the prompt once more, and its apostrophes fivefold
ALWAYS_EXPORTED = ("WORKING_DIR", "RUN_ID")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template says. `errors` make it unusable; `dangers` must be acknowledged, by code, before it may run.

    `elsewhere` says that something in it (`su`, `sudo`, `docker`) may read the prompt's file as another user.
    """

    placeholders: tuple[Placeholder, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    dangers: tuple[Problem, ...]
    elsewhere: bool = False
    carried: int = 0
    loads: tuple[Load, ...] = ()

    def uses(self, name: str) -> bool:
        """Whether the variable `name` is expanded anywhere."""
        return any(placeholder.name == name for placeholder in self.placeholders)

    def exports(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return what must be in the command's environment, of `values` (PROMPT, PROMPT_FILE, WORKING_DIR, RUN_ID)."""
        given = {name: value for name, value in values.items() if name in ALWAYS_EXPORTED or self.uses(name)}
        carry = ""
        used = {name: value for name, value in given.items() if self.uses(name)}
        for _ in range(self.carried):
            inner = {**used, CARRY: carry} if carry else used
            assigned = "".join(f"{name}={quoted(value)};" for name, value in inner.items())
            carry = f"{assigned}export {' '.join(inner)};"
        return {**given, CARRY: carry} if carry else given

    def longest(self, values: Mapping[str, str]) -> int:
        """Return the bytes of the longest single argument or environment string that a run with `values` needs."""
        exports = self.exports(values)
        strings = [len(name) + 1 + len(value.encode()) for name, value in exports.items()]
        return max([0, *strings, *(load.bytes({**values, **exports}) for load in self.loads)])


def quoted(value: str) -> str:
    """Return `value` as one word of POSIX shell (XCU 2.2).

    Apostrophes and backslashes stand in double quotes, the rest in single ones: so a login shell such as fish or csh,
    which reads other escapes in single quotes, fails at what we send it and runs nothing of it.
    """
    return "'" + _TO_DOUBLE.sub(lambda found: "'\"" + found[0].replace("\\", "\\\\") + "\"'", value) + "'"


def read(template: str, *, from_input: bool = False) -> Reading:
    """Read a template, whose standard input is the prompt when `from_input`. Never raises; the time it takes is bounded."""
    return _judged(template, _examined(template, from_input))


def rewrite(template: str) -> str:
    """The script to run: `x $PROMPT` becomes `x "$PROMPT"`. Raises Invalid when `read` finds an error."""
    return _edited(template, _usable(template).edits)


def echoed(template: str) -> str:
    """The template with `echo` in front of the command that holds the prompt. Raises Invalid where that is unclear."""
    found = _usable(template)
    why = found.unclear or ("" if found.echoes else "no command has it as an argument")
    if why:
        text = f"The template cannot be tried with echo in front of the command that gets the prompt: {why}. Run a small prompt."
        raise Invalid(text, code="test_unclear", fields={"invocationTemplate": text})
    return _edited(template, found.echoes)


@lru_cache(maxsize=64)
def _examined(template: str, from_input: bool = False) -> Findings:
    """What is in a template. Each run asks several times, of few templates; nobody changes the answer."""
    return examine(template, Budget(_MOST_CHARACTERS), fed=from_input)


def _usable(template: str) -> Findings:
    found = _examined(template)
    errors = [error for error in _judged(template, found).errors if error.code != "missing_prompt"]
    if errors:
        text = " ".join(dict.fromkeys(error.text for error in errors))
        raise Invalid(f"The invocation template cannot be used: {text}", fields={"invocationTemplate": text})
    return found


def _edited(template: str, edits: Iterable[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, written in sorted(edits):
        pieces += (template[at:start], written)
        at = end
    return "".join((*pieces, template[at:]))


def _judged(template: str, found: Findings) -> Reading:
    errors, warnings = list(found.errors), list(found.warnings)
    names = {placeholder.name for placeholder in found.placeholders}
    if "\0" in template:
        place = template.index("\0")
        errors.append(Problem("nul", "A template cannot contain a NUL character; remove it.", place, place + 1))
    if not names & {"PROMPT", "PROMPT_FILE"} and not any(error.code in _ABOUT_PLACEHOLDERS for error in errors):
        text = 'The prompt is not used; write "$PROMPT", or "$PROMPT_FILE" for a file that holds it.'
        errors.append(Problem("missing_prompt", text, 0, len(template)))
    if any(edit[1] > after[0] for edit, after in pairwise(sorted(found.edits))):
        text = "Placeholders stand inside each other's quotes; write it simpler, or use $PROMPT_FILE."
        errors.append(Problem(NESTED, text, 0, len(template)))
    if found.carried > _MOST_CARRIED:
        text = f"The variables would be carried through more than {_MOST_CARRIED} shells; put a script where they are used."
        errors.append(Problem("too_deep", text, 0, len(template)))
    if "WORKING_DIR" not in names:
        text = "$WORKING_DIR is not used. The command starts in the working directory; one that goes elsewhere must go back."
        warnings.append(Problem("no_working_dir", text, 0, len(template)))
    placeholders = sorted(found.placeholders, key=lambda placeholder: placeholder.start)
    return Reading(
        tuple(placeholders),
        errors=_ordered(errors, len(template)),
        warnings=_ordered(warnings, len(template)),
        dangers=_ordered(found.dangers, len(template)),
        elsewhere=found.elsewhere,
        carried=found.carried,
        loads=tuple(found.loads),
    )


def _ordered(problems: Iterable[Problem], size: int) -> tuple[Problem, ...]:
    """By place, each once; what is said of the template as a whole comes last."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.end - each.start == size, each.start)))
