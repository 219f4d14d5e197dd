"""Judges an invocation template: which of our variables stand where, what is wrong, what is dangerous; and rewrites it.

The prompt's text is never put into the template. It is exported as a variable, and each placeholder is written so that
the variable arrives as one argument, byte for byte, in the quoting it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airunner.base.errors import Invalid
from airunner.domain.placeholders import NESTED, QUOTED_DOCUMENT, UNSUPPORTED, Findings, Placeholder, examine
from airunner.domain.shellbase import Problem

__all__ = ["Placeholder", "Problem", "Reading", "read", "rewrite"]

_ABOUT_PLACEHOLDERS = frozenset({NESTED, QUOTED_DOCUMENT, UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template says. `errors` make it unusable; `dangers` must be acknowledged, by code, before it may run."""

    placeholders: tuple[Placeholder, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    dangers: tuple[Problem, ...]

    def uses(self, name: str) -> bool:
        """Whether the variable `name` is expanded anywhere."""
        return any(placeholder.name == name for placeholder in self.placeholders)


def read(template: str) -> Reading:
    """Read a template. Never raises, and takes time linear in its length."""
    return _judged(template, examine(template))


def rewrite(template: str) -> str:
    """The script to run: `x $PROMPT` becomes `x "$PROMPT"`. Raises Invalid when `read` finds an error."""
    found = examine(template)
    errors = _judged(template, found).errors
    if errors:
        text = " ".join(dict.fromkeys(error.text for error in errors))
        raise Invalid(f"The invocation template cannot be used: {text}", fields={"invocationTemplate": text})
    pieces: list[str] = []
    at = 0
    for start, end, written in sorted(found.edits):
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
    if "WORKING_DIR" not in names:
        text = "$WORKING_DIR is not used. The command starts in the working directory; one that goes elsewhere must go back."
        warnings.append(Problem("no_working_dir", text, 0, len(template)))
    placeholders = sorted(found.placeholders, key=lambda placeholder: placeholder.start)
    return Reading(tuple(placeholders), _ordered(errors), _ordered(warnings), _ordered(found.dangers))


def _ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place, each once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.start))
