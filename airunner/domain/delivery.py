"""How a prompt reaches its command: as an argument, as a file, or on standard input; and what that asks of a template."""

from __future__ import annotations

from airunner.domain.shellbase import Problem
from airunner.domain.template import Reading

_NEEDED = {"argument": "PROMPT", "file": "PROMPT_FILE"}
_MISSING = "missing_prompt"


def errors_of(template: str, reading: Reading, prompt_via: str | None) -> tuple[Problem, ...]:
    """Return what is wrong with a template whose prompt takes that way; None means: the way that the template uses."""
    if prompt_via is None:
        return reading.errors
    others = tuple(error for error in reading.errors if error.code != _MISSING)
    name = _NEEDED.get(prompt_via)
    refused = others == reading.errors and not (reading.uses("PROMPT") or reading.uses("PROMPT_FILE"))
    if name is None or reading.uses(name) or refused:  # one that is refused has an error of its own
        return others
    text = f'The prompt is to go by {prompt_via} (promptVia), and the template does not use it; write "${name}".'
    return (*others, Problem(_MISSING, text, 0, len(template)))


def warnings_of(reading: Reading) -> tuple[Problem, ...]:
    """Return what is to be known of the prompt's way: a file for a user whom nobody named is open to all of them."""
    uses = [placeholder for placeholder in reading.placeholders if placeholder.name == "PROMPT_FILE"]
    if not (reading.elsewhere and uses):
        return ()
    text = (
        "Another user must read the prompt's file, so while the run lasts every user of this machine can who learns its "
        "random name, which the command line of su or sudo shows. Name that user in runAsUser instead, or set promptVia "
        "to stdin."
    )
    return (Problem("prompt_file_shared", text, uses[0].start, uses[0].end),)
