"""Shell text inside words: what `sh -c`, `eval`, `su -c`, `ssh` and a here-document for a shell will read once more.

The inner text is put together with a map of where each of its characters stands, so that what is found in it can be
shown, and changed, in the outer text.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airunner.domain.shellbase import Segment, Word
from airunner.domain.shellread import Command

SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "ash", "busybox"})
_SWITCHERS = frozenset({"su", "runuser", "script", "flock"})
_WRAPPERS = frozenset(
    [
        "env",
        "sudo",
        "doas",
        "timeout",
        "nice",
        "ionice",
        "exec",
        "nohup",
        "setsid",
        "stdbuf",
        "time",
        "command",
        "builtin",
        "chroot",
        "chrt",
        "taskset",
        "unshare",
        "nsenter",
        "docker",
        "podman",
        "kubectl",
        "xargs",
        "find",
        "parallel",
        "watch",
        "flock",
        "script",
        "systemd-run",
        "strace",
        "unbuffer",
        "caffeinate",
    ]
)
_CLEARS_ENVIRONMENT = frozenset({"sudo", "doas", "docker", "podman", "kubectl", "nsenter", "systemd-run"})
_PASSES = re.compile(r"-[A-Za-z]*E[A-Za-z]*\Z|--preserve-env|(-e|--env=|--setenv=)?(PROMPT|PROMPT_FILE)(=|\Z)")
_MOST_OPTIONS = 12  # of a wrapper, looked at
_INTERPRETERS = re.compile(r"(python[\d.]*|pypy[\d.]*|perl|ruby|node|nodejs|deno|bun|php|lua|Rscript)\Z")
_CODE_OPTION = re.compile(r"-[A-Za-z]*[cerE]\Z|--eval\Z|--print\Z|-p\Z|eval\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^\]]*\])?\+?=")
_SSH_WITH_VALUE = re.compile(r"-[A-Za-z0-9]*[BbcDEeFIiJLlmOoPpQRSWw]\Z")


@dataclass(frozen=True, slots=True)
class Nested:
    """Words that are code of `kind`: shell, or "code" for another language. `skip` characters of the first are none of it."""

    kind: str
    words: tuple[Word, ...]
    environment: bool  # whether our variables reach that shell
    whole: bool  # whether a word that is the prompt and nothing else is meant as the script
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Inner:
    """Text for an inner shell; character i of it stands in the outer text from `starts[i]` to `ends[i]`, quoted as `styles[i]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    styles: Sequence[str]
    unknown: bool  # whether values stand in it that are not known yet

    def outer(self, start: int, end: int) -> tuple[int, int]:
        """Where `start` to `end` of the inner text stands outside."""
        if not self.starts:
            return 0, 0
        last = len(self.starts) - 1
        low = self.starts[min(start, last)]
        return low, max(low, self.ends[min(max(end - 1, start), last)])

    def encoded(self, start: int, end: int, text: str) -> str | None:
        """`text` written so that it can replace `start` to `end` outside; None where the quoting changes in between."""
        styles = set(self.styles[start:end])
        joined = all(self.ends[i] == self.starts[i + 1] for i in range(start, end - 1))
        return _encoded(text, styles.pop()) if len(styles) == 1 and joined else None


def nested_in(command: Command) -> list[Nested]:
    """The words of `command` that another shell (or language) will read as code."""
    words = command.words[_assignments(command) :]
    environment, position = _head(words)
    if position is None:
        return []
    name, rest = program(words[position]), words[position + 1 :]
    if name in SHELLS:
        return _of_shell(rest, environment)
    if name in _SWITCHERS:
        return _of_switcher(rest, environment)
    if name == "eval":
        return [Nested("shell", tuple(rest), environment, len(rest) == 1)] if rest else []
    if name == "ssh":
        return _of_ssh(rest)
    if name.endswith("awk"):
        return [Nested("code", (word,), environment, False) for word in rest[:1]]
    return _of_interpreter(rest)


def reads_commands_from_input(command: Command) -> tuple[bool, bool]:
    """Whether `command` is a shell that runs its standard input, and whether our variables reach it."""
    words = [word for word in command.words if not _ASSIGNMENT.match(word.raw)]
    environment, position = _head(words)
    if position is None:
        return False, False
    name, rest = program(words[position]), [word.literal for word in words[position + 1 :]]
    if name in SHELLS:
        return all(word.startswith("-") and not _is_c(word) for word in rest) or "-s" in rest, environment
    if name in _SWITCHERS:
        return not any(_is_c(word) or word.startswith("--command") for word in rest), environment and not _is_login(
            rest
        )
    return name == "ssh", False


def program(word: Word) -> str:
    """The name of the program a word names, without its folder."""
    return word.literal.rpartition("/")[2]


def simple_words(command: Command) -> list[Word]:
    """The words of a command from the program's name on, without assignments and wrappers such as sudo or timeout."""
    words = deque(command.words[_assignments(command) :])
    while words and program(words[0]) in _WRAPPERS and program(words[0]) not in ("find", "xargs", "docker"):
        words.popleft()
        while words and (words[0].literal[:1] in "-0123456789" or _ASSIGNMENT.match(words[0].raw)):
            words.popleft()
    return list(words)


def inner_of(words: Iterable[Word], skip: int = 0) -> Inner:
    """The text `words` give to the shell that reads them, joined by blanks."""
    segments: list[Segment] = []
    for word in words:
        if segments:
            segments.append(Segment(" ", word.start, word.start, "between"))
        segments += word.segments
    return mapped(segments, skip)


def mapped(segments: Iterable[Segment], skip: int = 0) -> Inner:
    """The text of `segments` with its map."""
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    styles: list[str] = []
    unknown = False
    for segment in segments:
        size = len(segment.text)
        unknown |= segment.style in ("open", "variable")
        texts.append(segment.text)
        one_to_one = size == segment.end - segment.start
        starts += range(segment.start, segment.end) if one_to_one else [segment.start] * size
        ends += range(segment.start + 1, segment.end + 1) if one_to_one else [segment.end] * size
        styles += [segment.style] * size
    text = "".join(texts)
    return Inner(text[skip:], starts[skip:], ends[skip:], styles[skip:], unknown)


def _assignments(command: Command) -> int:
    """How many words of a command are assignments in front of it."""
    for place, word in enumerate(command.words):
        if not _ASSIGNMENT.match(word.raw):
            return place
    return len(command.words)


def _head(words: list[Word]) -> tuple[bool, int | None]:
    """The place of the program that may read code, behind wrappers; and whether the environment reaches it."""
    environment = True
    wrapped = False
    for place, word in enumerate(words):
        name = program(word)
        if name in SHELLS or name in _SWITCHERS or name in ("eval", "ssh") or name.endswith("awk"):
            return environment, place
        if _INTERPRETERS.match(name):
            return environment, place
        if name in _WRAPPERS:
            wrapped = True
            options = [later.literal for later in words[place + 1 : place + 1 + _MOST_OPTIONS]]
            if name in _CLEARS_ENVIRONMENT or (
                name == "env" and options[:1] in (["-"], ["-i"], ["--ignore-environment"])
            ):
                environment = environment and any(_PASSES.match(option) for option in options)
        elif not wrapped:
            return environment, None
    return environment, None


def _of_shell(words: list[Word], environment: bool) -> list[Nested]:
    """`-c` may stand among other options, the command string is the first word that is none."""
    takes_code = skip_next = False
    for word in words:
        text = word.literal
        if skip_next:
            skip_next = False
        elif text == "sh" and not takes_code:
            continue  # busybox sh
        elif text[:1] in ("-", "+") and len(text) > 1:
            takes_code |= _is_c(text)
            skip_next = (
                text.rstrip("c")[-1:] in ("o", "O") and not text.startswith("--") or text in ("--rcfile", "--init-file")
            )
        else:
            return [Nested("shell", (word,), environment, True)] if takes_code else []
    return []


def _of_switcher(words: list[Word], environment: bool) -> list[Nested]:
    environment = environment and not _is_login([word.literal for word in words])
    found = []
    for place, word in enumerate(words):
        text = word.literal
        if text.startswith("--command="):
            found.append(Nested("shell", (word,), environment, False, len("--command=")))
        elif (_is_c(text) or text == "--command") and place + 1 < len(words):
            found.append(Nested("shell", (words[place + 1],), environment, False))
    return found


def _of_ssh(words: list[Word]) -> list[Nested]:
    """After the options and the host, all words together are one line for the shell over there."""
    place = 0
    while place < len(words) and words[place].literal.startswith("-"):
        place += 2 if _SSH_WITH_VALUE.match(words[place].literal) else 1
    rest = tuple(words[place + 1 :])
    return [Nested("shell", rest, False, False)] if rest else []


def _of_interpreter(words: list[Word]) -> list[Nested]:
    found = []
    for place, word in enumerate(words[:-1]):
        if _CODE_OPTION.match(word.literal):
            found.append(Nested("code", (words[place + 1],), True, True))
        elif not word.literal.startswith("-"):
            break
    return found


def _is_c(text: str) -> bool:
    """Whether an option is -c, alone or with others (`-lc`)."""
    return text[:1] == "-" and text[1:2] != "-" and "c" in text


def _is_login(words: list[str]) -> bool:
    return any(text in ("-", "--login") or (text[:1] == "-" and text[1:2] != "-" and "l" in text) for text in words)


def _encoded(text: str, style: str) -> str:
    """`text` as it must be written inside quotes of `style` to mean itself."""
    if style == "single":
        return text.replace("'", "'\\''")
    if style == "ansi":
        return text.replace("\\", "\\\\").replace("'", "\\'")
    escaped = {"double": '\\"$`', "heredoc": "\\$`", "backquote": "\\`", "verbatim": ""}.get(style)
    if escaped is None:
        return re.sub(r"([^A-Za-z0-9_])", r"\\\1", text)
    return "".join("\\" + character if character in escaped else character for character in text)
