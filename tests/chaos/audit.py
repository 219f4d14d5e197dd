"""What must hold afterwards, whatever was done: for each run that was accepted, and for the machine."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.chaos.load import Entry, Ledger
from tests.helpers import proc
from tests.helpers.server import API, House

_ORDER_SECONDS = 2.0  # shims start beside each other: so much later may one of them get its turn on a busy machine
_ENDED = re.compile(r"run ended run=(\w+)")
_WITHOUT_CODE = ("supervising process", "could not be started")


@dataclass
class Findings:
    """What was found wrong, by kind, each with a sentence."""

    sentences: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, sentence: str) -> None:
        """Note one fault of ours."""
        self.sentences.setdefault(kind, []).append(sentence)

    def count(self, kind: str) -> int:
        """Return how many of a kind there are."""
        return len(self.sentences.get(kind, ()))

    def all(self) -> list[str]:
        """Return every sentence."""
        return [f"{kind}: {sentence}" for kind, some in self.sentences.items() for sentence in some]


def audit_runs(
    house: House, ledger: Ledger, folder: Path, findings: Findings, order_seconds: float = _ORDER_SECONDS
) -> Counter[str]:
    """Check every run that was accepted against the store, its output and the commands' own count of their starts.

    One may start `order_seconds` before one that was queued earlier. Returns how many ended in which status.
    """
    starts = Counter(line.split()[1] for line in (folder / "starts").read_text().splitlines())
    entries = {entry.run_id: entry for entry in ledger.all()}
    statuses: Counter[str] = Counter()
    runs = {}
    for entry in entries.values():
        reply = house.request("GET", f"{API}/runs/{entry.run_id}?output=full")
        if reply.status != 200:
            findings.add("lost", f"{_name(entry)} is not known: {reply.status}")
            continue
        run = runs[entry.run_id] = reply.json
        statuses[run["status"]] += 1
        if run["status"] in ("queued", "running"):
            findings.add("stuck", f"{_name(entry)} is {run['status']}")
            continue
        _check_starts(entry, run, starts[entry.run_id], ledger.hurts(entry.run_id), findings)
        _check_end(entry, run, ledger.hurts(entry.run_id), findings)
        _check_bytes(house, entry, run, findings)
    for run_id in starts.keys() - entries.keys():
        findings.add("doubled", f"the command of {run_id} ran, which nobody was promised")
    total = house.api("GET", "runs?limit=1")["total"]
    if total != len(entries):
        findings.add("doubled", f"the history has {total} runs, {len(entries)} were accepted")
    _check_order([runs[run_id] for run_id in sorted(runs)], order_seconds, findings)
    _check_log(house, entries, findings)
    return statuses


def audit_processes(marks: dict[str, str], findings: Findings) -> None:
    """Nothing may be left that has one of `marks` in its environment: no command, no shim, no nursery, no server."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not proc.is_alive(int(entry)):
            continue
        environment = _environment(int(entry))
        for what, mark in marks.items():
            if mark in environment:
                command = " ".join(proc.command_line(int(entry)))[:120]
                findings.add("processes left", f"{what} {entry} ({proc.state(int(entry))}): {command}")


def _check_starts(entry: Entry, run: dict[str, Any], count: int, hurts: set[str], findings: Findings) -> None:
    if count > 1:
        findings.add("doubled", f"{_name(entry)} was started {count} times")
    may_be_unstarted = run["startedAt"] is None or hurts & {"shim", "killed", "command"}
    if count == 0 and not may_be_unstarted:
        findings.add("lost", f"{_name(entry)} is {run['status']} and was never started")
    if count and run["startedAt"] is None:
        findings.add("wrong", f"{_name(entry)} was started and says that it was not: {run['reason']}")


def _check_end(entry: Entry, run: dict[str, Any], hurts: set[str], findings: Findings) -> None:
    """An end that nobody caused is a lost run; one that somebody caused must say so."""
    job, status, reason = entry.job, run["status"], run["reason"] or ""
    said = f"{_name(entry)} ({', '.join(hurts) or 'unhurt'}) is {status}, exit {run['exitCode']}: {reason}"
    if "shim" in hurts:
        if (status, run["exitCode"]) == (job.status, job.exit_code):
            return  # its record was on the disk before the kill came
        if not (status == "failed" and any(word in reason for word in _WITHOUT_CODE)) and status != "killed":
            findings.add("wrong", said)
        if status == "killed" and "killed" not in hurts:
            findings.add("wrong", said)
        return
    if "killed" in hurts and status == "killed" and "Killed by environment" in reason:
        return
    if "command" in hurts and status == "failed" and run["signal"] == "SIGKILL":
        return
    if status != job.status or (job.exit_code is not None and run["exitCode"] != job.exit_code):
        findings.add("lost", said)


def _check_bytes(house: House, entry: Entry, run: dict[str, Any], findings: Findings) -> None:
    job = entry.job
    is_whole = run["status"] == job.status and run["exitCode"] == job.exit_code
    if job.kind == "pipes":
        if is_whole and (run["stdout"].encode(), run["stderr"]) != (job.stdout(), f"err {job.number}\n"):
            findings.add("bytes lost", f"{_name(entry)} has {run['stdout']!r} and {run['stderr']!r}")
        return
    raw, whole = house.request("GET", f"{API}/runs/{entry.run_id}/log?raw=1").body, job.stdout()
    if is_whole and raw != whole:
        findings.add("bytes lost", f"{_name(entry)} is {status_of(run)} with {len(raw)} of {len(whole)} bytes")
    elif not whole.startswith(raw):
        findings.add("bytes lost", f"{_name(entry)} is {status_of(run)} and has bytes that it never wrote")
    if is_whole and run["stdout"] != whole.decode().replace("\r\n", "\n"):
        findings.add("bytes lost", f"{_name(entry)} is {status_of(run)}, and its clean text is another one")


def _check_order(runs: list[dict[str, Any]], order_seconds: float, findings: Findings) -> None:
    """Who was queued first starts first, as far as start times can tell."""
    latest = 0.0
    for run in runs:
        if run["startedAt"]:
            at = datetime.fromisoformat(run["startedAt"]).timestamp()
            if at < latest - order_seconds:
                findings.add("out of order", f"{run['runId']} started {latest - at:.1f} s before an earlier one")
            latest = max(latest, at)


def _check_log(house: House, entries: dict[str, Entry], findings: Findings) -> None:
    """The servers, all of them together, say of each run at most once that it has ended."""
    said = Counter(
        run_id
        for log in house.folder.glob("serve-*.err")
        for run_id in _ENDED.findall(log.read_text("utf-8", "replace"))
    )
    for run_id, count in said.items():
        if count > 1:
            findings.add("doubled", f"{run_id} ended {count} times")


def status_of(run: dict[str, Any]) -> str:
    """Return status and reason for a sentence."""
    return f"{run['status']} ({run['reason']})" if run["reason"] else str(run["status"])


def _name(entry: Entry) -> str:
    return f"run {entry.job.number} ({entry.job.kind}, {entry.run_id})"


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
