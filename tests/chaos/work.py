"""The commands that are run under faults: of each, every byte and the exit code are known beforehand."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

KINDS = ("short", "talk", "tree", "deaf", "late", "pipes")
_WEIGHTS = (4, 6, 3, 2, 3, 2)
_PARTS = 8

AGENT = r"""
read -r kind number size <<< "$1"
echo "$number $RUN_ID" >> "$CHAOS_FOLDER/starts"
lines() { seq -f "run $number line %g" "$1" "$2"; }
case $kind in
    short) echo "run $number"; exit $((number % 3)) ;;
    talk)
        part=$((size / 8))
        for i in 0 1 2 3 4 5 6 7; do lines $((part * i + 1)) $((part * (i + 1))); sleep 0.1; done
        lines 1 "$size" | md5sum ;;
    tree)
        setsid sleep 300 &
        (setsid bash -c 'setsid sleep 301 & exec sleep 302' &)
        echo "run $number"; sleep "$size" ;;
    deaf)
        trap '' TERM INT HUP
        setsid bash -c "trap '' TERM INT HUP; while :; do sleep 0.5; done" &
        echo "run $number"; while :; do sleep 0.2; done ;;
    late) echo "run $number"; sleep "$size"; echo end; exit 7 ;;
    pipes) echo "out $number"; echo "err $number" >&2; sleep "$size"; echo end; exit 0 ;;
esac
"""
"""Each command first says that it was started: one short line to a file that all of them append to, so none is mixed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One command; `size` is lines for `talk`, else seconds."""

    number: int
    kind: str
    size: float

    @property
    def prompt(self) -> str:
        """What the agent is told."""
        return f"{self.kind} {self.number} {self.size:g}"

    @property
    def profile(self) -> str:
        """The slug of the profile that runs it."""
        return "pipes" if self.kind == "pipes" else "agent"

    @property
    def timeout(self) -> float:
        """Minutes: who does not listen runs into its deadline, the others are far from theirs."""
        return 0.02 if self.kind == "deaf" else 5

    @property
    def status(self) -> str:
        """How it ends when nobody disturbs it."""
        if self.kind == "deaf":
            return "timeout"
        return "failed" if self.exit_code else "completed"

    @property
    def exit_code(self) -> int | None:
        """The exit code when nobody disturbs it; None where a signal decides."""
        codes = {"short": self.number % 3, "late": 7, "deaf": None}
        return codes.get(self.kind, 0)

    def stdout(self) -> bytes:
        """Every byte that it writes, as its terminal shows it."""
        text = self._text()
        return (text if self.kind == "pipes" else text.replace("\n", "\r\n")).encode()

    def _text(self) -> str:
        if self.kind == "talk":
            body = "".join(f"run {self.number} line {line}\n" for line in range(1, int(self.size) + 1))
            return f"{body}{hashlib.md5(body.encode()).hexdigest()}  -\n"
        if self.kind == "pipes":
            return f"out {self.number}\nend\n"
        return f"run {self.number}\n" + ("end\n" if self.kind == "late" else "")


def draw(number: int, chance: random.Random) -> Job:
    """Return a job of some kind."""
    kind = chance.choices(KINDS, _WEIGHTS)[0]
    if kind == "talk":
        return Job(number, kind, _PARTS * chance.choice((10, 100, 1000, 5000)))
    return Job(number, kind, round(chance.uniform(0.1, 1.0), 1))
