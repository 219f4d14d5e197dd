"""Finds the programs that a template starts, and says of an agent's words what will hang, be refused or be misread."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from airunner.domain.presets import Family, family_of
from airunner.domain.shellbase import Word
from airunner.domain.shellcode import CONTAINERS, OTHER_USERS, SWITCHERS, WRAPPERS
from airunner.domain.shellinner import inner_of
from airunner.domain.shellnest import nested_in
from airunner.domain.shellprograms import program, program_words, simple_words
from airunner.domain.shellread import Command, ShellReader

_DEEPEST = 5  # shells inside of shells that are looked into
_ELSEWHERE = OTHER_USERS | CONTAINERS
_STARTERS = _ELSEWHERE | WRAPPERS | SWITCHERS.keys()
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_BARE_PROMPT = re.compile(r'"?\$(PROMPT|\{PROMPT\})"?\Z')
_INPUTS = frozenset({"<", "<<", "<<-", "<<<", "<>"})


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a run will miss: a stable `code`, what is wrong, how to mend it. An "error" is sure, a "warning" is not."""

    code: str
    text: str
    fix: str
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class Call:
    """A program that a template starts. `words` are its arguments as the shell hands them over, OPAQUE for values.

    `exposed` says that the prompt is a word of its own with no `--` before it, `fed` that its input is a file or a pipe,
    `here` that it is started on this machine, by the run's user and in an environment that can be known beforehand.
    """

    program: str
    words: tuple[str, ...] = ()
    family: Family | None = None
    exposed: bool = False
    fed: bool = False
    here: bool = True

    def has(self, *options: str) -> bool:
        """Whether one of `options` is among the words, by itself or with `=` and a value."""
        before = self.words[: self.words.index("--")] if "--" in self.words else self.words
        return any(word == option or word.startswith(f"{option}=") for word in before for option in options)


@dataclass(slots=True)
class Starts:
    """All that a template starts, and the values it gives to variables on the way (OPAQUE where they are not known)."""

    calls: list[Call] = field(default_factory=list)
    assigned: dict[str, str] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)


def starts_of(template: str) -> Starts:
    """Read which programs a template starts, in shells inside of it too. Never raises."""
    starts = Starts()
    _read(template, starts, here=True, depth=0)
    return starts


class Around(NamedTuple):
    """What is around a call: whether it has a terminal, whether its input ends by itself, and its environment."""

    tty: bool
    fed: bool
    env: Mapping[str, str]


def habits(call: Call, around: Around) -> Iterator[Lack]:
    """Yield what is to be expected of an agent that is started like that."""
    family = call.family
    if family is None:
        return
    if call.exposed:
        yield _warning(
            "prompt_as_option",
            f"{family.name} does not get every prompt as it is here: one that begins with - may be read as an option.",
            f"Write {family.prompt_form}, with your options in front.",
        )
    for type_, code, applies, text, fix in _HABITS:
        if type_ == family.type and applies(call, around):
            yield _warning(code, text, fix)


def _warning(code: str, text: str, fix: str) -> Lack:
    return Lack(code, text, fix, "warning")


def _read(text: str, starts: Starts, *, here: bool, depth: int) -> None:
    reader = ShellReader(text)
    reader.read()
    # What a script that is read in does to PATH and to the rest is not known.
    here = here and not any(_name_of(command) in (".", "source") for command in reader.found)
    for command in reader.found:
        starts.defined |= {command.defines} if command.defines else set()
        for word in command.words:
            if match := _ASSIGNMENT.match(word.raw):
                starts.assigned[match[1]] = word.literal[match.end() :]
        nested = [one for one in nested_in(command) if one.kind == "shell"] if depth < _DEEPEST else []
        for one in nested:
            inner = inner_of(one.words, one.skip).text
            _read(inner, starts, here=here and one.environment, depth=depth + 1)
        call = _call(command, here)
        if call and not (nested and call.family is None):
            starts.calls.append(call)


def _name_of(command: Command) -> str:
    words = program_words(command)
    return program(words[0]) if words else ""


def _call(command: Command, here: bool) -> Call | None:
    words = program_words(command)
    place = _place_of_program(command, words)
    if place is None or command.defines:
        return None
    before, rest = words[:place], words[place + 1 :]
    return Call(
        program=words[place].literal,
        words=tuple(word.literal for word in rest),
        family=family_of(program(words[place])),
        exposed=_is_exposed(rest),
        fed=command.pipe >= 0 or any(operator in _INPUTS for operator, _ in command.redirections),
        here=here and not any(program(word) in _ELSEWHERE for word in before),
    )


def _place_of_program(command: Command, words: list[Word]) -> int | None:
    """Where the program is named: an agent behind all that starts it, else the first word that can be one."""
    simple = simple_words(command)
    place = len(words) - len(simple) if simple else None
    if place is not None and family_of(program(words[place])):
        return place
    if words and program(words[0]) in _STARTERS:
        return next((at for at, word in enumerate(words) if family_of(program(word))), place)
    return place


def _is_exposed(words: list[Word]) -> bool:
    for word in words:
        if word.literal == "--":
            return False
        if _BARE_PROMPT.match(word.raw):
            return True
    return False


Judge = Callable[[Call, Around], bool]


def _stays_open(*ending: str) -> Judge:
    """An agent that opens its screen on a terminal, unless one of these words says otherwise."""
    return lambda call, around: around.tty and not call.has(*ending, "--version", "--help")


def _is_yolo(call: Call) -> bool:
    return call.has("--yolo", "-y", "--approval-mode=yolo") or ("yolo" in call.words and call.has("--approval-mode"))


_OPEN = "opens its screen and does not end by itself; the run lasts until somebody types, or until its timeout."
_HABITS: tuple[tuple[str, str, Judge, str, str], ...] = (
    (
        "claude-code",
        "stays_open",
        _stays_open("-p", "--print"),
        f"Claude Code without -p {_OPEN} At its first start it asks questions.",
        "Add -p for runs that end by themselves.",
    ),
    (
        "codex",
        "stays_open",
        _stays_open("exec", "e", "review"),
        f"Codex without exec {_OPEN} It also leaves daemons behind.",
        "Write codex exec for runs that end by themselves.",
    ),
    (
        "codex",
        "needs_repository",
        lambda call, around: (
            call.has("exec", "e")
            and not call.has("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--yolo")
        ),
        "Codex refuses a working directory that is neither a Git repository nor trusted.",
        "Add --skip-git-repo-check if runs may work elsewhere.",
    ),
    (
        "opencode",
        "stays_open",
        _stays_open("run", "serve", "web"),
        f"OpenCode without run {_OPEN}",
        "Write opencode run for runs that end by themselves.",
    ),
    (
        "opencode",
        "refuses_tools",
        lambda call, around: (
            call.has("run") and not call.has("--auto") and not (call.has("--agent") and "plan" in call.words)
        ),
        "OpenCode without --auto refuses what it would have to ask for, stops early, and ends with exit code 0.",
        "Add --auto, or --agent plan for a run that only reads.",
    ),
    (
        "gemini-cli",
        "stays_open",
        lambda call, around: around.tty and not around.fed and not call.has("-p", "--prompt", "--version", "--help"),
        f"Gemini CLI without --prompt {_OPEN}",
        'Write --prompt="$PROMPT" for runs that end by themselves.',
    ),
    (
        "gemini-cli",
        "untrusted_directory",
        lambda call, around: (
            _is_yolo(call) and not call.has("--skip-trust") and around.env.get("GEMINI_CLI_TRUST_WORKSPACE") != "true"
        ),
        "Gemini CLI takes --yolo back in a directory that is not trusted: it then refuses tools, or to start (exit code 55).",
        "Add --skip-trust, or the variable GEMINI_CLI_TRUST_WORKSPACE=true.",
    ),
    (
        "aider",
        "stays_open",
        _stays_open("--message", "--msg", "-m", "--message-file", "-f", "--exit", "--commit", "--apply", "--lint"),
        f"Aider without --message {_OPEN}",
        'Write --message="$PROMPT" for runs that end by themselves.',
    ),
    (
        "aider",
        "asks",
        lambda call, around: (
            not any(word.startswith("--yes") for word in call.words) and "AIDER_YES_ALWAYS" not in around.env
        ),
        "Aider without --yes-always waits for ever at the first question it has.",
        "Add --yes-always, and what it should not say yes to (--no-analytics, --no-detect-urls, --no-gitignore).",
    ),
)
