"""Notes what a template must not do with the prompt, and why."""

from __future__ import annotations

from collections.abc import Iterable

from airunner.domain.findings import Findings
from airunner.domain.shellbase import Problem, Use
from airunner.domain.shelleval import PROMPT_IS_CODE
from airunner.domain.shelltaint import PROMPTS

NESTED = "nested_placeholder"
UNSUPPORTED = "unsupported_expansion"
QUOTED_DOCUMENT = "quoted_heredoc"
REMEDY = 'Pass it as an argument of its own ("$PROMPT"), or have the program read the file "$PROMPT_FILE".'


class Refusals:
    """Adds errors to `_found`; the uses they are about are settled then."""

    def __init__(self) -> None:
        self._found = Findings()
        self._settled: set[int] = set()  # the starts of uses that are dealt with

    def _warn_of_code(self, uses: Iterable[Use]) -> None:
        text = "The prompt itself is run as code here: whoever may run this profile may run any command."
        self._found.warnings += [Problem(PROMPT_IS_CODE, text, use.start, use.end) for use in uses]

    def _refuse_prompt(self, uses: Iterable[Use], level: int) -> None:
        """The prompt would be put into code; so would its file's text by a substitution (deeper than `level`)."""
        self._refuse(use for use in uses if use.name == "PROMPT" or (use.name == "PROMPT_FILE" and use.level > level))

    def _refuse(self, uses: Iterable[Use], code: str = NESTED, text: str = "") -> None:
        for use in uses:
            self._settled.add(use.start)
            what = f"${use.name}" if use.name in PROMPTS else f"${use.name}, which holds the prompt,"
            said = text or f"{what} here would become a part of code that is read once more."
            self._found.errors.append(Problem(code, f"{said} {REMEDY}", use.start, use.end))

    def _error(self, code: str, text: str, start: int, end: int) -> None:
        self._found.errors.append(Problem(code, f"{text} {REMEDY}", start, end))
