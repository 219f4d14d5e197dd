"""Finds our variables in shell text, level by level: in the script, in backquotes, and in what inner shells will read.

The prompt must never become code. Where an outer shell would put it into the text of an inner one, that is an error; where
the inner shell expands the exported variable itself, it is a placeholder like any other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from airunner.domain.dangers import dangers_in
from airunner.domain.shellbase import DEEPEST, Backquotes, Problem, Use
from airunner.domain.shelldocuments import HereDocument
from airunner.domain.shellnest import Inner, Nested, inner_of, mapped, nested_in, reads_commands_from_input
from airunner.domain.shellread import Command, ShellReader
from airunner.domain.shellwords import OURS_IN_QUOTES

NESTED = "nested_placeholder"
UNSUPPORTED = "unsupported_expansion"
QUOTED_DOCUMENT = "quoted_heredoc"
_SURE = frozenset({NESTED, UNSUPPORTED, QUOTED_DOCUMENT, "too_deep"})  # whatever the values that are not known yet
_WARNINGS = frozenset({"unclosed_heredoc"})
_WRITTEN = {"plain": '"${}"', "double": "${{{}}}", "single": "'\"${}\"'", "ansi": "'\"${}\"$'"}
_REMEDY = (
    'Pass it as an argument of its own ("$PROMPT"), or let the inner shell expand the variable '
    '(write \\$PROMPT in double quotes), or have the program read "$PROMPT_FILE".'
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`name` is expanded from `start` to `end`, in the quoting `context`: plain, double, single, heredoc or nested."""

    name: str
    start: int
    end: int
    context: str


@dataclass(slots=True)
class Findings:
    """What is in a script. `edits` says what to write instead, from where to where."""

    placeholders: list[Placeholder] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    dangers: list[Problem] = field(default_factory=list)


def examine(text: str, depth: int = 0) -> Findings:
    """Read the script `text`, which stands `depth` levels deep. All offsets are those of `text`."""
    if depth > DEEPEST:
        return Findings(errors=[Problem("too_deep", "Shells are nested too deep; write it simpler.", 0, len(text))])
    reader = ShellReader(text, depth)
    reader.read()
    return _Examination(reader, depth).findings()


class _Examination:
    """One script being examined."""

    def __init__(self, reader: ShellReader, depth: int) -> None:
        self._reader = reader
        self._depth = depth
        self._found = Findings()
        self._uses = sorted(reader.uses, key=lambda use: use.start)
        self._use_starts = [use.start for use in self._uses]
        self._backquotes = sorted(reader.backquotes, key=lambda quoted: quoted.start)
        self._backquote_starts = [quoted.start for quoted in self._backquotes]
        self._settled: set[int] = set()  # the starts of uses that are dealt with
        self._in_code: set[int] = set()  # the starts of backquotes whose output is code
        self._read_by_shells: set[int] = set()  # the starts of here-documents that are

    def findings(self) -> Findings:
        """All of it."""
        found = self._found
        for problem in self._reader.problems:
            (found.warnings if problem.code in _WARNINGS else found.errors).append(problem)
        found.dangers += dangers_in(self._reader)
        for command in self._reader.found:
            self._command(command)
        for document in self._reader.here_documents:
            self._document(document)
        for use in self._uses:
            if use.start not in self._settled:
                self._place(use)
        for quoted in self._backquotes:
            self._backquoted(quoted)
        return found

    def _command(self, command: Command) -> None:
        for nested in nested_in(command):
            self._code(nested)
        if command.here_documents:
            shell, environment = reads_commands_from_input(command)
            for document in command.here_documents if shell else ():
                self._read_by_shells.add(document.start)
                self._refuse(self._uses_in(document.begin, document.end), document.level)
                self._inner(mapped(document.segments), environment)

    def _code(self, nested: Nested) -> None:
        """Words that another shell, or another language, reads."""
        start, end = nested.words[0].start, nested.words[-1].end
        uses = self._uses_in(start, end)
        if nested.whole and nested.words[0].raw.strip('"') in ("$PROMPT", "${PROMPT}"):
            text = "The prompt itself is run as shell code here: whoever may run this profile may run any command."
            self._found.warnings.append(Problem("prompt_is_code", text, start, end))
            return
        if nested.kind == "code":
            self._refuse(uses, None)
            return
        level = nested.words[0].level
        literal = {use.start for use in uses if use.context in ("single", "ansi") and use.level == level}
        self._settled |= literal
        self._refuse([use for use in uses if use.start not in literal], level)
        low, high = _between(self._backquote_starts, start, end)
        self._in_code.update(self._backquote_starts[low:high])
        self._inner(inner_of(nested.words, nested.skip), nested.environment)

    def _refuse(self, uses: Iterable[Use], level: int | None) -> None:
        """The outer shell would put the prompt into code; so would a substitution (deeper than `level`) that reads its file."""
        for use in uses:
            reads_file = use.name == "PROMPT_FILE" and level is not None and use.level > level
            if use.name == "PROMPT" or reads_file:
                self._settled.add(use.start)
                self._nested_error(use.name, use.start, use.end)

    def _nested_error(self, name: str, start: int, end: int, text: str = "") -> None:
        text = text or f"${name} here would become a part of code that is read once more. {_REMEDY}"
        self._found.errors.append(Problem(NESTED, text, start, end))

    def _uses_in(self, start: int, end: int) -> list[Use]:
        low, high = _between(self._use_starts, start, end)
        return self._uses[low:high]

    def _document(self, document: HereDocument) -> None:
        if not document.quoted or document.start in self._read_by_shells:
            return
        for match in OURS_IN_QUOTES.finditer(self._reader.text, document.begin, document.end):
            text = (
                f"Nothing is expanded in a here-document whose delimiter is quoted; write <<{document.delimiter} "
                "without quotes (and \\ before each $ that is meant literally)."
            )
            self._found.errors.append(Problem(QUOTED_DOCUMENT, text, match.start(), match.end()))

    def _place(self, use: Use) -> None:
        """A use in this script itself."""
        if use.modified or use.context == "arithmetic":
            text = (
                f"${use.name} can only be used as it is; give it to a variable first "
                f'(value="${use.name}") and work with that one.'
            )
            self._found.errors.append(Problem(UNSUPPORTED, text, use.start, use.end))
        elif use.in_escaped_quotes and use.context == "double" and use.name == "PROMPT":
            self._nested_error(use.name, use.start, use.end)
        else:
            context = "single" if use.context == "ansi" else use.context
            self._found.placeholders.append(Placeholder(use.name, use.start, use.end, context))
            following = self._reader.text[use.end : use.end + 1]
            ends_there = use.context == "double" and (
                following in ('"', " ", "\n") or self._reader.text[use.start + 1] == "{"
            )
            if use.context in _WRITTEN and not ends_there:
                self._found.edits.append((use.start, use.end, _WRITTEN[use.context].format(use.name)))

    def _backquoted(self, quoted: Backquotes) -> None:
        inner = mapped(quoted.segments)
        found = examine(inner.text, self._depth + 1)
        for placeholder in found.placeholders if quoted.start in self._in_code else ():
            if placeholder.name in ("PROMPT", "PROMPT_FILE"):
                self._nested_error(placeholder.name, *inner.outer(placeholder.start, placeholder.end))
        self._lift(inner, found, "")

    def _inner(self, inner: Inner, environment: bool) -> None:
        """What an inner shell reads. Without the environment our variables are empty there."""
        found = examine(inner.text, self._depth + 1)
        if inner.unknown:
            found.errors = [error for error in found.errors if error.code in _SURE]
        for placeholder in () if environment else found.placeholders:
            text = (
                f"${placeholder.name} is empty there: the environment does not reach that shell. "
                "Write $PROMPT_FILE in double quotes without a backslash, and let the program read that file."
            )
            self._nested_error(placeholder.name, *inner.outer(placeholder.start, placeholder.end), text)
        self._lift(inner, found, "nested")

    def _lift(self, inner: Inner, found: Findings, context: str) -> None:
        """Take over what was found in an inner text; `context` "" keeps the one a placeholder has there."""
        for placeholder in found.placeholders:
            start, end = inner.outer(placeholder.start, placeholder.end)
            self._found.placeholders.append(Placeholder(placeholder.name, start, end, context or placeholder.context))
        for low, high, text in found.edits:
            written = inner.encoded(low, high, text)
            start, end = inner.outer(low, high)
            if written is None:
                self._nested_error(
                    "", start, end, f"A variable is put together from differently quoted parts. {_REMEDY}"
                )
            else:
                self._found.edits.append((start, end, written))
        self._found.errors += _moved(inner, found.errors)
        self._found.warnings += _moved(inner, found.warnings)
        self._found.dangers += _moved(inner, found.dangers)


def _moved(inner: Inner, problems: Iterable[Problem]) -> list[Problem]:
    moved = []
    for problem in problems:
        start, end = inner.outer(problem.start, problem.end)
        moved.append(replace(problem, start=start, end=end))
    return moved


def _between(starts: Sequence[int], start: int, end: int) -> tuple[int, int]:
    return bisect_left(starts, start), bisect_left(starts, end)
