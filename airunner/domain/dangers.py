"""Commands that destroy a machine: what an operator must acknowledge before a template that has one may run.

Judges what is written, not what it might expand to: `rm -rf "$DIR"` is not found. Every code can be acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from airunner.domain.shellbase import Problem, Word
from airunner.domain.shellcode import SHELLS
from airunner.domain.shellprograms import program, simple_words
from airunner.domain.shellread import Command, ShellReader

_SYSTEM = "bin|boot|dev|etc|home|lib|lib32|lib64|opt|proc|root|sbin|srv|sys|usr|var"
_HOME = r"~[A-Za-z0-9_-]*|\$HOME|\$\{HOME(:?\?[^}]*)?\}"
_WITHIN = "(usr|var)/+(bin|lib|lib64|libexec|local|sbin|share|log|cache|spool)"
_EVERYTHING = re.compile(rf"(/+(\./*|\.\./*)*|/+({_SYSTEM}|{_WITHIN})/*|({_HOME})/*)(/[*]|[*])?/*\Z")
_TOP_PATTERN = re.compile(r"/+([^/]*[?*\[{][^/]*)/*\Z")
_DEVICE = re.compile(r"/dev/(?!(null|zero|full|stdin|stdout|stderr|tty|ptmx)\Z|(fd|shm|pts|tcp|udp)/)\S")
_MAKE_FILESYSTEM = re.compile(r"(mkfs(\..+)?|mke2fs|mkswap|wipefs|blkdiscard)\Z")
_FORK_BOMB = re.compile(r"([^\s;&|()<>{}]+)[ \t]*(?:\([ \t]*\))?\s*\{\s*(\S+?)\s*\|\s*(\S+?)\s*&\s*;?\s*\}")
_PERHAPS_ROOT = re.compile(r"(?!\$\{?(WORKING_DIR|RUN_ID|PWD|OLDPWD)\b)\$(\{\w+\}|\w+)/+\*?\Z")
_ACCOUNTS = re.compile(r"/+etc/+(passwd|shadow|group|gshadow|sudoers|fstab)\Z|/+(proc/+sysrq-trigger|boot/.+)\Z")
_PARTITIONERS = frozenset({"fdisk", "sfdisk", "gdisk", "sgdisk", "cfdisk", "parted", "truncate"})
_POWER = frozenset({"shutdown", "reboot", "halt", "poweroff"})
_HERE = frozenset({"*", ".", "./", "./*", "..", "../*"})
_QUOTES = re.compile("['\"]")
_FETCHERS = frozenset({"curl", "wget", "fetch", "aria2c"})
_RUNNERS = SHELLS | {"eval", "source", ".", "python", "python3", "perl", "ruby", "node"}
_WRITES = frozenset({">", ">>", ">|", "&>", "&>>", "<>"})


def dangers_in(reader: ShellReader) -> list[Problem]:
    """The dangers among the commands `reader` has found, in its offsets."""
    found: list[Problem] = []
    at_top = False
    for command in reader.found:
        words = simple_words(command)
        if words and program(words[0]) == "cd":
            at_top = any(_is_everything(word) for word in words[1:])
        if at_top and _removes_here(words):
            found.append(_problem("rm_root", "`rm` with -r removes a whole system or home directory here.", words))
        if words:
            for judge in _JUDGES:
                found += judge(words)
            found += _piped_to_shell(reader, command, words)
        found += _redirected(command)
        found += _fork_bomb(reader, command)
    return found


def _remove(words: list[Word]) -> list[Problem]:
    if program(words[0]) != "rm" or not _recursive(words):
        return []
    return [
        _problem("rm_root", f"`rm` with -r on `{word.raw}` removes a whole system or home directory{when}.", words)
        for word in _operands(words)
        for when in _when_everything(word)
    ][:1]


def _removes_here(words: list[Word]) -> bool:
    recursive = bool(words) and program(words[0]) == "rm" and _recursive(words)
    return recursive and any(word.raw in _HERE for word in _operands(words))


def _when_everything(word: Word) -> list[str]:
    """When a word names all: always, or where a variable is empty."""
    if _is_everything(word):
        return [""]
    return [" when the variable is empty"] if _PERHAPS_ROOT.match(_QUOTES.sub("", word.raw)) else []


def _find(words: list[Word]) -> list[Problem]:
    paths = [word for word in words[1:] if not word.literal.startswith("-")][:1] if program(words[0]) == "find" else []
    if not paths or not _is_everything(paths[0]):
        return []
    literals = [word.literal for word in words]
    removes = "-delete" in literals or any(
        literals[place - 1] in ("-exec", "-execdir") and program(words[place]) in ("rm", "shred", "unlink")
        for place in range(2, len(words))
    )
    return [_problem("rm_root", f"`find` removes what is below `{paths[0].raw}`.", words)] if removes else []


def _move(words: list[Word]) -> list[Problem]:
    moved = _operands(words)[:-1] if program(words[0]) == "mv" else []
    return [
        _problem("move_root", f"`mv` takes the whole directory `{word.raw}` away.", words)
        for word in moved
        if _is_everything(word)
    ][:1]


def _stop_machine(words: list[Word]) -> list[Problem]:
    name, literals = program(words[0]), [word.literal for word in words[1:]]
    stops = name in _POWER or (name == "systemctl" and bool({*_POWER, "kexec", "emergency", "rescue"} & set(literals)))
    stops |= name in ("init", "telinit") and literals[:1] in (["0"], ["6"])
    if stops:
        return [_problem("power_off", f"`{name}` stops or restarts the machine.", words)]
    if name == "killall5" or (name == "kill" and "-1" in literals[1:]):
        return [_problem("kill_all", f"`{name}` so ends every process there is.", words)]
    return []


def _change_owner(words: list[Word]) -> list[Problem]:
    name = program(words[0])
    if name not in ("chmod", "chown", "chgrp") or not _recursive(words):
        return []
    return [
        _problem("chmod_root", f"`{name}` with -R on `{word.raw}` changes a whole system or home directory.", words)
        for word in _operands(words)
        if _is_everything(word)
    ][:1]


def _write_device(words: list[Word]) -> list[Problem]:
    name = program(words[0])
    targets = [word.literal[3:] for word in words if name == "dd" and word.literal.startswith("of=")]
    if name in ("tee", "shred"):
        targets += [word.literal for word in _operands(words)]
    if name in _PARTITIONERS:
        targets += [word.literal for word in words[1:]]
    if name in ("cp", "mv") and len(words) > 2:
        targets.append(words[-1].literal)
    code = "dd_device" if name == "dd" else "write_device"
    found = [
        _problem(code, f"`{name}` writes over the device {each}.", words) for each in targets if _DEVICE.match(each)
    ]
    if name == "sed" and any(word.literal.startswith(("-i", "--in-place")) for word in words):
        targets += [word.literal for word in _operands(words)]
    text = "changes a file that the machine cannot do without."
    found += [_problem("write_system_file", f"`{name}` {text}", words) for each in targets if _ACCOUNTS.match(each)]
    return found[:1]


def _make_filesystem(words: list[Word]) -> list[Problem]:
    name = program(words[0])
    if not _MAKE_FILESYSTEM.match(name):
        return []
    return [_problem("make_filesystem", f"`{name}` erases what is on a disk.", words)]


_JUDGES: tuple[Callable[[list[Word]], list[Problem]], ...] = (
    _remove,
    _find,
    _move,
    _change_owner,
    _write_device,
    _make_filesystem,
    _stop_machine,
)


def _redirected(command: Command) -> list[Problem]:
    found = []
    for operator, target in command.redirections:
        path = target.literal
        if operator in _WRITES and _DEVICE.match(path):
            text = f"`{operator} {path}` writes over a device."
            found.append(Problem("write_device", text, target.start, target.end))
        elif operator in _WRITES and _ACCOUNTS.match(path):
            text = f"`{operator} {path}` changes a file that the machine cannot do without."
            found.append(Problem("write_system_file", text, target.start, target.end))
    return found


def _fork_bomb(reader: ShellReader, command: Command) -> list[Problem]:
    if not command.defines:
        return []
    start = command.words[0].start
    bomb = _FORK_BOMB.match(reader.text, start)
    if not bomb or not bomb[1] == bomb[2] == bomb[3]:
        return []
    return [
        Problem("fork_bomb", "A function that starts itself twice fills the machine with processes.", start, bomb.end())
    ]


def _piped_to_shell(reader: ShellReader, command: Command, words: list[Word]) -> list[Problem]:
    """`curl … | sh`, `sh -c "$(curl …)"`, `eval "$(curl …)"`, `. <(curl …)`."""
    if program(words[0]) not in _RUNNERS:
        return []
    sources = [reader.found[command.pipe]] if command.pipe >= 0 else []
    for word in (*words, *(target for _, target in command.redirections)):
        sources += reader.found[slice(*word.inner)]
    fetching = [source for source in sources if _fetches(reader, source)]
    if not fetching:
        return []
    start = min([words[0].start, *(word.start for source in fetching for word in source.words[:1])])
    text = "What is fetched from the network is run as it comes; fetch it to a file and read it first."
    return [Problem("pipe_to_shell", text, start, max(words[-1].end, start))]


def _fetches(reader: ShellReader, command: Command) -> bool:
    """Whether `command`, or one that pipes into it, fetches something."""
    place = -1
    for _ in range(10):
        words = simple_words(command)
        if words and program(words[0]) in _FETCHERS:
            return True
        place = command.pipe
        if place < 0:
            return False
        command = reader.found[place]
    return False


def _problem(code: str, text: str, words: list[Word]) -> Problem:
    return Problem(code, text, words[0].start, words[-1].end)


def _recursive(words: list[Word]) -> bool:
    for word in words[1:]:
        text = word.literal
        if text == "--":
            return False
        if len(text) > 3 and "--recursive".startswith(text):
            return True
        if text[:1] == "-" and text[1:2] != "-" and re.search("[rR]", text):
            return True
    return False


def _operands(words: list[Word]) -> list[Word]:
    literals = [word.literal for word in words]
    end = literals.index("--") if "--" in literals else len(words)
    return [word for place, word in enumerate(words) if place and (place > end or not literals[place].startswith("-"))]


def _is_everything(word: Word) -> bool:
    """The root, a directory of the system, or a home, with or without `/*`, or a pattern that one of them fits."""
    path = _QUOTES.sub("", word.raw)
    if _EVERYTHING.match(path):
        return True
    top = _TOP_PATTERN.match(path)
    patterns = re.split("[{},]", top[1]) if top else []
    return any(pattern and fnmatchcase(name, pattern) for pattern in patterns for name in _SYSTEM.split("|"))
