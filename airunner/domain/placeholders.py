"""Finds our variables in shell text, level by level: in the script, in backquotes, and in what inner shells will read.

The prompt must never become code. Where an inner shell reads a placeholder, it is the inner shell that expands it: from the
environment, or from what is carried to it in front of its text. Where a program of another kind would read it, that is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from airunner.domain.dangers import dangers_in
from airunner.domain.findings import CARRY, Budget, Findings, Load, Placeholder
from airunner.domain.shellbase import Backquotes, Problem, Use, Word
from airunner.domain.shellcode import OTHER_USERS
from airunner.domain.shelldocuments import HereDocument
from airunner.domain.shellecho import put_echoes
from airunner.domain.shelleval import PROMPT_IS_CODE, assigned, integers, own_names, traps_in
from airunner.domain.shellinner import Edit, Inner, inner_of, mapped, moved
from airunner.domain.shellnest import Input, Nested, input_of, nested_in
from airunner.domain.shellprograms import program, simple_words
from airunner.domain.shellread import Command, ShellReader
from airunner.domain.shellrefuse import NESTED, QUOTED_DOCUMENT, REMEDY, UNSUPPORTED, Refusals
from airunner.domain.shelltaint import POSITIONS, PROMPTS, Span, Taint
from airunner.domain.shellwords import OURS_IN_QUOTES

_SURE = frozenset({NESTED, UNSUPPORTED, QUOTED_DOCUMENT, "too_deep", "own_variable", "prompt_is_command"})
_WARNINGS = frozenset({"unclosed_heredoc"})
_WRITTEN = {"plain": '"${}"', "double": "${{{}}}", "single": "'\"${}\"'"}
_TOO_DEEP = "Shells are nested too deep; write it simpler, or put it into a script."
_DEEPEST_SHELL = 8
_EDIT_BYTES = 40  # more than any edit of a placeholder adds to a word


def examine(
    text: str, budget: Budget, depth: int = 0, tainted: frozenset[str] = frozenset(), *, fed: bool = False
) -> Findings:
    """Read the script `text`, which stands `depth` levels deep. Offsets are those of `text`.

    `tainted` variables hold the prompt; `fed` says that its standard input does.
    """
    if depth > _DEEPEST_SHELL or not budget.take(len(text)):
        return Findings(errors=[Problem("too_deep", _TOO_DEEP, 0, len(text))])
    reader = ShellReader(text, depth)
    reader.read()
    return _Examination(reader, budget, depth, tainted, fed).findings()


class _Examination(Refusals):
    """One script being examined."""

    def __init__(self, reader: ShellReader, budget: Budget, depth: int, tainted: frozenset[str], fed: bool) -> None:
        self._reader = reader
        self._inside: Callable[[str, frozenset[str]], Findings] = lambda text, more: examine(
            text, budget, depth + 1, self._taint.names | more, fed=self._taint.has_input
        )
        super().__init__()
        self._declared = {name for command in reader.found for name in integers(command)}
        self._budget = budget
        self._uses = Span(reader.uses)
        self._taint = Taint(reader, self._uses, tainted, fed)
        self._outermost = depth == 0
        self._backquotes = Span(reader.backquotes)
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
            uses = [
                use
                for use in self._uses.within(trap.start, trap.end)
                if use.name in PROMPTS and use.modifier != "length" and (trap.deep or not use.level)
            ]
            if trap.code == PROMPT_IS_CODE:
                self._warn_of_code(uses)
                uses = []
            others = self._taint.uses.within(trap.start, trap.end)
            if trap.code != "unsupported_expansion":
                others = [use for use in others if self._taint.leads(use)]
            self._refuse([*uses, *others], trap.code, trap.text)
        self._integers(command)
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

    def _integers(self, command: Command) -> None:
        """Values that a shell evaluates when they are assigned, and bare names given to `let`."""
        for value in assigned(command):
            if value.name in self._declared and self._taint.holds_prompt(value.start, value.end):
                self._error(UNSUPPORTED, f"A shell evaluates what is assigned to {value.name}.", value.start, value.end)
        words = simple_words(command)
        if words and program(words[0]) == "let":
            for word in words[1:]:
                if set(re.findall(r"[A-Za-z_]\w*", word.literal)) & {*self._taint.names, *PROMPTS}:
                    self._error(UNSUPPORTED, "A shell evaluates what is given to let.", word.start, word.end)

    def _is_whole_file(self, inner: tuple[int, int]) -> bool:
        """Whether a word's one substitution is the prompt's file, as in `$(cat "$PROMPT_FILE")`."""
        if inner[1] - inner[0] != 1:
            return False
        command = self._reader.found[inner[0]]
        words = [*command.words[1:], *(target for operator, target in command.redirections if operator == "<")]
        reads = not command.words or program(command.words[0]) == "cat"
        return reads and any(word.raw.strip('"') in ("$PROMPT_FILE", "${PROMPT_FILE}") for word in words)

    def _input(self, command: Command, reads: Input) -> None:
        """What a program runs that stands in its input, or in the file it reads instead (`xargs -a`)."""
        if any(word.literal.startswith(("-a", "--arg-file")) for word in command.words):
            start, end = command.words[0].start, command.words[-1].end
            self._refuse(use for use in self._uses.within(start, end) if use.name in PROMPTS)
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
        """What is written into a shell is code; of several shells in a pipe the last has it all in front of it."""
        if command.has_input:
            return
        self._found.reads_input = True
        if command.fed >= 0 and command.words:
            end = len(self._reader.text) if command.words[0].level and not command.fed else command.words[0].start
            self._fed[command.fed] = max(end, self._fed.get(command.fed, 0))
        elif self._taint.flows:
            self._refuse(self._taint.flows)
        elif self._outermost and self._taint.has_input and command.words:
            text = "The prompt itself is run as code here: whoever may run this profile may run any command."
            self._found.warnings.append(Problem(PROMPT_IS_CODE, text, command.words[0].start, command.words[-1].end))

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
        if self._taint.has_input and any(word.inner[1] > word.inner[0] for word in nested.words):
            text = "What a command reads from its input would become code here."
            self._refuse(self._taint.flows, NESTED, text)
            if not self._taint.flows:
                self._error(NESTED, text, start, end)
        if nested.kind != "shell":
            self._refuse_prompt(uses, first.level)
            return
        inner = inner_of(nested.words, nested.skip)
        self._hand_over(start, end, first.level, inner)
        place = start + nested.skip
        carries = self._inner(inner, nested.environment, (place, place, f'"${CARRY}"'), command, end)
        if inner.handed or carries:
            size = sum(len(word.raw.encode("utf-8", "replace")) + 1 for word in nested.words)
            self._found.loads.append(Load(size + _EDIT_BYTES * len(uses), (CARRY,) if carries else ()))

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

    def _inner(self, inner: Inner, environment: bool, insert: Edit | None, command: Command, end: int) -> bool:
        """What an inner shell reads; without the environment our variables are carried to it. Returns whether they are.

        After `end` stand the arguments it gets.
        """
        found = self._inside(inner.text, self._passed([word for word in command.words if word.start >= end]))
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

    def _passed(self, words: list[Word]) -> frozenset[str]:
        """What `$0` and so on are in a shell that gets `words` behind its text."""
        if not words or not self._taint.holds_prompt(words[0].start, words[-1].end):
            return frozenset()
        marks = {mark for name in POSITIONS for mark in (name, f"{name}!")}
        leads = len(words) > 1 and self._taint.holds_prompt(words[1].start, words[1].end)
        return frozenset(marks if leads else marks - {"@!", "*!"})

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
        if use.modifier == "length" and use.context != "arithmetic":  # a number
            self._found.placeholders.append(Placeholder(use.name, use.start, use.end, use.context))
            return
        quoted_default = use.modifier == "default" and use.context in ("double", "heredoc")
        if (use.modifier and not quoted_default) or use.context == "arithmetic":
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
        for placeholder in found.placeholders:
            if placeholder.name in PROMPTS:
                start, end = inner.outer(placeholder.start, placeholder.end)
                text = "Backquotes read the escapes in them once more; write $(…) instead."
                self._refuse([Use(placeholder.name, start, end, "plain", quoted.level)], UNSUPPORTED, text)
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
                text = f"A variable is put together from differently quoted parts. {REMEDY}"
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
        into.warnings += moved(inner, found.warnings)
        into.dangers += moved(inner, found.dangers)

    def _lift_errors(self, inner: Inner, errors: Iterable[Problem]) -> None:
        self._found.errors += moved(inner, errors)
