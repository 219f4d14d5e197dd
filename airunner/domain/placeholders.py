"""Finds our variables in shell text, level by level: in the script, in backquotes, and in what inner shells will read.

The prompt must never become code. Where an inner shell reads a placeholder, it is the inner shell that expands it: from the
environment, or from what is carried to it in front of its text. Where a program of another kind would read it, that is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from airunner.domain.dangers import dangers_in
from airunner.domain.findings import CARRY, Findings, Load, Placeholder
from airunner.domain.shellbase import Backquotes, Problem, Use
from airunner.domain.shellcode import OTHER_USERS
from airunner.domain.shelldocuments import HereDocument
from airunner.domain.shellecho import put_echoes
from airunner.domain.shelleval import PROGRAM, PROMPT_IS_CODE, own_names, traps_in
from airunner.domain.shellinner import Edit, Inner, inner_of, mapped
from airunner.domain.shellnest import Input, Nested, input_of, nested_in
from airunner.domain.shellprograms import program
from airunner.domain.shellread import Command, ShellReader
from airunner.domain.shelltaint import POSITIONS, PROMPTS, Span, Taint
from airunner.domain.shellwords import OURS_IN_QUOTES

NESTED = "nested_placeholder"
UNSUPPORTED = "unsupported_expansion"
QUOTED_DOCUMENT = "quoted_heredoc"
_SURE = frozenset({NESTED, UNSUPPORTED, QUOTED_DOCUMENT, "too_deep", "own_variable", "prompt_is_command"})
_WARNINGS = frozenset({"unclosed_heredoc"})
_WRITTEN = {"plain": '"${}"', "double": "${{{}}}", "single": "'\"${}\"'"}
_TOO_DEEP = "Shells are nested too deep; write it simpler, or put it into a script."
_DEEPEST_SHELL = 8
_EDIT_BYTES = 40  # more than any edit of a placeholder adds to a word
_REMEDY = 'Pass it as an argument of its own ("$PROMPT"), or have the program read the file "$PROMPT_FILE".'


class Budget:
    """How many characters may still be read: text within text within text could take for ever."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, size: int) -> bool:
        """Take `size` characters; False when there are not so many left."""
        self._left -= size
        return self._left >= 0


def examine(text: str, budget: Budget, depth: int = 0, tainted: frozenset[str] = frozenset()) -> Findings:
    """Read the script `text`, which stands `depth` levels deep; `tainted` variables hold the prompt. Offsets are those of `text`."""
    if depth > _DEEPEST_SHELL or not budget.take(len(text)):
        return Findings(errors=[Problem("too_deep", _TOO_DEEP, 0, len(text))])
    reader = ShellReader(text, depth)
    reader.read()
    return _Examination(reader, budget, depth, tainted).findings()


class _Examination:
    """One script being examined."""

    def __init__(self, reader: ShellReader, budget: Budget, depth: int, tainted: frozenset[str]) -> None:
        self._reader = reader
        self._inside: Callable[[str, frozenset[str]], Findings] = lambda text, more: examine(
            text, budget, depth + 1, self._taint.names | more
        )
        self._found = Findings()
        self._budget = budget
        self._uses = Span(reader.uses)
        self._taint = Taint(reader, self._uses, tainted)
        self._backquotes = Span(reader.backquotes)
        self._settled: set[int] = set()  # the starts of uses that are dealt with
        self._in_code: set[int] = set()  # the starts of backquotes whose output is code
        self._read_by_shells: set[int] = set()  # the starts of here-documents that are
        self._fed: dict[int, int] = {}  # from where to where something is written into a shell
        self._held: list[int] = []  # the places of the prompt in this script's own commands

    def findings(self) -> Findings:
        """All of it."""
        found, reader = self._found, self._reader
        for problem in reader.problems:
            (found.warnings if problem.code in _WARNINGS else found.errors).append(problem)
        found.dangers += dangers_in(reader)
        for command in reader.found:
            self._command(command)
        self._refuse_fed()
        for document in reader.here_documents:
            self._document(document)
        for use in self._uses.all:
            if use.start not in self._settled:
                self._place(use)
        for use in self._taint.uses.all:
            if use.context == "arithmetic":
                self._refuse([use], UNSUPPORTED, "A shell evaluates what stands in arithmetic.")
        for quoted in self._backquotes.all:
            self._backquoted(quoted)
        put_echoes(reader, self._held, found)
        return found

    # Commands

    def _command(self, command: Command) -> None:
        found = self._found
        found.errors += own_names(command)
        found.elsewhere |= any(program(word) in OTHER_USERS for word in command.words)
        nested = nested_in(command)
        for one in nested:
            self._code(one, command)
        for trap in traps_in(command):
            uses = [use for use in self._uses.within(trap.start, trap.end) if use.name in PROMPTS]
            if trap.code == PROMPT_IS_CODE:
                self._warn_of_code(uses)
            else:
                others = [
                    use
                    for use in self._taint.uses.within(trap.start, trap.end)
                    if trap.code != PROGRAM or use.name not in "@*"
                ]
                self._refuse([*uses, *others], trap.code, trap.text)
        reads = input_of(command)
        if reads:
            self._input(command, reads)
        inside = {word.start for one in nested if one.kind == "shell" for word in one.words}
        for word in command.words:
            if word.start not in inside and word.segments:
                names = [segment.text[2:-1] for segment in word.segments if segment.ours]
                if names or self._is_whole_file(word.inner):
                    names += ["PROMPT"] if self._is_whole_file(word.inner) else []
                    found.loads.append(Load(word.known_bytes, tuple(names)))

    def _is_whole_file(self, inner: tuple[int, int]) -> bool:
        """Whether a word's one substitution is the prompt's file, as in `$(cat "$PROMPT_FILE")`."""
        if inner[1] - inner[0] != 1:
            return False
        command = self._reader.found[inner[0]]
        words = [*command.words[1:], *(target for operator, target in command.redirections if operator == "<")]
        reads = not command.words or program(command.words[0]) == "cat"
        return reads and any(word.raw.strip('"') in ("$PROMPT_FILE", "${PROMPT_FILE}") for word in words)

    def _input(self, command: Command, reads: Input) -> None:
        """What a program runs that stands in its input."""
        for document in command.here_documents:
            self._read_by_shells.add(document.start)
            if reads.kind == "code":
                self._refuse_prompt(self._uses.within(document.begin, document.end), document.level)
                continue
            inner = mapped(document.segments)
            self._hand_over(document.begin, document.end, document.level, inner)
            insert = None if document.quoted else (document.begin, document.begin, f"${CARRY}\n")
            self._inner(inner, reads.environment, insert, command, document.end)
        for operator, target in command.redirections:
            if operator == "<<<":
                self._code(Nested(reads.kind, (target,), reads.environment, whole=True), command)
            elif operator == "<":
                self._code(Nested("file", (target,), whole=True), command)
        self._runs_input(command)

    def _runs_input(self, command: Command) -> None:
        """What is piped into a shell is code; of several shells in a pipe the last has it all in front of it."""
        self._found.reads_input = True
        if command.fed >= 0 and command.words:
            self._fed[command.fed] = max(command.words[0].start, self._fed.get(command.fed, 0))

    def _refuse_fed(self) -> None:
        documents = [
            (command.words[0].start, document)
            for command in self._reader.found
            for document in command.here_documents
            if command.words
        ]
        for begin, end in self._fed.items():
            spans = [(begin, end)]
            spans += [(document.begin, document.end) for start, document in documents if begin <= start < end]
            for span in spans:
                self._refuse([use for use in self._uses.within(*span) if use.name in PROMPTS])
                self._refuse(self._taint.uses.within(*span))

    # Code

    def _code(self, nested: Nested, command: Command) -> None:
        """Words that another shell, or another language, reads."""
        first = nested.words[0]
        start, end = first.start, nested.words[-1].end
        whole = first.raw.strip('"').strip("${}") if nested.whole and nested.words[0].literal == "\ufffc" else ""
        uses = self._uses.within(start, end)
        if whole == ("PROMPT_FILE" if nested.kind == "file" else "PROMPT"):
            self._warn_of_code(uses)
            return
        self._refuse(self._taint.uses.within(start, end))
        if nested.kind != "shell":
            self._refuse_prompt(uses, first.level)
            return
        inner = inner_of(nested.words, nested.skip)
        self._hand_over(start, end, first.level, inner)
        self._in_code.update(quoted.start for quoted in self._backquotes.within(start, end))
        place = start + nested.skip
        carries = self._inner(inner, nested.environment, (place, place, f'"${CARRY}"'), command, end)
        if inner.handed or carries:
            size = sum(len(word.raw.encode("utf-8", "replace")) + 1 for word in nested.words)
            self._found.loads.append(Load(size + _EDIT_BYTES * len(uses), (CARRY,) if carries else ()))

    def _warn_of_code(self, uses: Iterable[Use]) -> None:
        text = "The prompt itself is run as code here: whoever may run this profile may run any command."
        self._found.warnings += [Problem(PROMPT_IS_CODE, text, use.start, use.end) for use in uses]

    def _hand_over(self, start: int, end: int, level: int, inner: Inner) -> None:
        """Leave to the inner shell what it can expand itself, and refuse what the outer one would make of the prompt."""
        handed = {inner.starts[low] for low, _ in inner.handed}
        rest = []
        for use in self._uses.within(start, end):
            if use.start in handed or (use.context == "single" and use.level == level):
                self._settled.add(use.start)
            else:
                rest.append(use)
        self._refuse_prompt(rest, level)

    def _refuse_prompt(self, uses: Iterable[Use], level: int) -> None:
        """The prompt would be put into code; so would its file's text by a substitution (deeper than `level`)."""
        self._refuse(use for use in uses if use.name == "PROMPT" or (use.name == "PROMPT_FILE" and use.level > level))

    def _refuse(self, uses: Iterable[Use], code: str = NESTED, text: str = "") -> None:
        for use in uses:
            self._settled.add(use.start)
            what = f"${use.name}" if use.name in PROMPTS else f"${use.name}, which holds the prompt,"
            said = text or f"{what} here would become a part of code that is read once more."
            self._found.errors.append(Problem(code, f"{said} {_REMEDY}", use.start, use.end))

    def _inner(self, inner: Inner, environment: bool, insert: Edit | None, command: Command, end: int) -> bool:
        """What an inner shell reads; without the environment our variables are carried to it. Returns whether they are.

        After `end` stand the arguments it gets.
        """
        passed = bool(command.words) and self._taint.holds_prompt(end, command.words[-1].end)
        found = self._inside(inner.text, POSITIONS if passed else frozenset())
        if inner.unknown:
            found.errors = [error for error in found.errors if error.code in _SURE]
        carries = not environment and bool(found.placeholders or found.carried)
        if carries and insert:
            self._found.edits.append(insert)
        elif carries:
            text = "Our variables do not reach that shell, and nothing is expanded here; take the quotes from the delimiter."
            self._lift_errors(
                inner, [Problem(QUOTED_DOCUMENT, text, each.start, each.end) for each in found.placeholders]
            )
        self._found.carried = max(self._found.carried, found.carried + carries)
        if found.reads_input:
            self._runs_input(command)
        self._lift(inner, found, "nested")
        return carries

    # Single uses

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
        elif use.context == "ansi":
            text = f"Not every shell knows $'…'; let ${use.name} stand in '…' or \"…\", or by itself."
            self._found.errors.append(Problem(UNSUPPORTED, text, use.start, use.end))
        elif use.in_escaped_quotes and use.context == "double" and use.name == "PROMPT":
            self._refuse([use])
        else:
            self._found.placeholders.append(Placeholder(use.name, use.start, use.end, use.context))
            self._hold(use.name, use.start)
            following = self._reader.text[use.end : use.end + 1]
            ends_there = use.context == "double" and (
                following in ('"', " ", "\n") or self._reader.text[use.start + 1] == "{"
            )
            if use.context in _WRITTEN and not ends_there:
                self._found.edits.append((use.start, use.end, _WRITTEN[use.context].format(use.name)))

    def _backquoted(self, quoted: Backquotes) -> None:
        inner = mapped(quoted.segments)
        found = self._inside(inner.text, frozenset())
        in_code = quoted.start in self._in_code
        for placeholder in found.placeholders:
            self._hold(placeholder.name, quoted.start)
            if in_code and placeholder.name in PROMPTS:
                start, end = inner.outer(placeholder.start, placeholder.end)
                self._refuse([Use(placeholder.name, start, end, "plain", quoted.level)])
        found.echoes, found.unclear = [], ""
        self._lift(inner, found, "")

    def _hold(self, name: str, place: int) -> None:
        if name in PROMPTS:
            self._held.append(place)

    # From an inner text to this one

    def _lift(self, inner: Inner, found: Findings, context: str) -> None:
        """Take over what was found in an inner text; `context` "" keeps the one a placeholder has there."""
        into = self._found
        for placeholder in found.placeholders:
            start, end = inner.outer(placeholder.start, placeholder.end)
            into.placeholders.append(Placeholder(placeholder.name, start, end, context or placeholder.context))
        for start, end, written in inner.lifted(found.edits):
            if not self._budget.take(len(written or "")):  # each level may double an edit
                into.errors.append(Problem("too_deep", _TOO_DEEP, start, end))
                break
            if written is None:
                text = f"A variable is put together from differently quoted parts. {_REMEDY}"
                into.errors.append(Problem(NESTED, text, start, end))
            else:
                into.edits.append((start, end, written))
        for echo in found.echoes:
            start, _, written = inner.placed(*echo)
            into.echoes += [(start, start, written)] if written else []
        into.unclear = into.unclear or found.unclear
        into.loads += found.loads
        into.elsewhere |= found.elsewhere
        self._lift_errors(inner, found.errors)
        into.warnings += _moved(inner, found.warnings)
        into.dangers += _moved(inner, found.dangers)

    def _lift_errors(self, inner: Inner, errors: Iterable[Problem]) -> None:
        self._found.errors += _moved(inner, errors)


def _moved(inner: Inner, problems: Iterable[Problem]) -> list[Problem]:
    moved = []
    for problem in problems:
        start, end = inner.outer(problem.start, problem.end)
        moved.append(replace(problem, start=start, end=end))
    return moved
