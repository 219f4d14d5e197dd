"""One run's shim: lock the folder, look for a tombstone, record the start, run the command to its end.

It is forked by the nursery and imports nothing after that.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from airunner.base.errors import Broken
from airunner.base.files import PRIVATE_FILE, make_private_folder, take_lock
from airunner.shim import verdict
from airunner.shim.child import Halted, SpawnFailed, spawn
from airunner.shim.pump import Pump
from airunner.shim.sampler import Sampler
from airunner.shim.usage import Usage
from airunner.shim.wake import boottime
from airunner.spool import bell as rings
from airunner.spool import control, procs
from airunner.spool.layout import Folder
from airunner.spool.prompts import remove_prompt, write_prompt
from airunner.spool.rawlog import RawLog
from airunner.spool.spec import Spec, unpack
from airunner.spool.state import Exit, State, reserve_exit, write_exit, write_state

_ALL_DESCRIPTORS = 1 << 20
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_FALLOC_FL_KEEP_SIZE = 1
_ORDERS_RESERVE = 4096
_LOCK_TRIES, _LOCK_PAUSE = 10, 0.02
_REAP_SECONDS = 1.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Make orphans among our descendants our children, so that none escapes the walk (prctl(2))."""
    _LIBC.prctl(ctypes.c_int(_PR_SET_CHILD_SUBREAPER), ctypes.c_ulong(1), 0, 0, 0)


def run_shim(spec_pipe: int) -> None:
    """Read the spec from the pipe and run it; what goes wrong is in the folder's exit record.

    Raises what nobody foresaw, after it was written to the folder's log.
    """
    os.setsid()
    os.closerange(3, spec_pipe)
    os.closerange(spec_pipe + 1, _ALL_DESCRIPTORS)
    gc.disable()  # a collection would touch, and so copy, every page shared with the nursery
    become_subreaper()
    _be_quiet()
    spec = _read_spec(spec_pipe)
    if spec is None:
        return
    folder = Folder(Path())
    try:
        os.chdir(spec.folder)  # from here on it is found wherever it is moved, also when its disk is unmounted lazily
        _run_locked(spec, folder)
    except BaseException:
        with contextlib.suppress(OSError), folder.shim_log.open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
        raise  # the nursery then ends what is left of the run


def _run_locked(spec: Spec, folder: Folder) -> None:
    lock = _take_lock_patiently(folder.lock)
    # Another shim has it, or had it: this run is not ours to start.
    if lock is None or folder.tombstone.exists() or folder.state.exists() or folder.exit.exists():
        return
    run = _Run(spec, folder)
    run.go()
    run.bell.ring(spec.run_id, rings.EXITED)
    # The lock ends with this process.


def _take_lock_patiently(path: Path) -> int | None:
    """Take the folder's lock; a server that only asks whether it is held has it for an instant."""
    for _ in range(_LOCK_TRIES):
        held = take_lock(path)
        if held is not None:
            return held
        time.sleep(_LOCK_PAUSE)
    return None


class _Run:
    """The steps of one run, in their order."""

    def __init__(self, spec: Spec, folder: Folder) -> None:
        self._spec = spec
        self._folder = folder
        self._control = rings.open_reader(folder.control_fifo)
        self._orders = control.Orders(folder.control_log)
        self._reserved = reserve_exit(folder)
        _reserve(folder.control_log)
        self._log = RawLog(folder.path, folder.timing, spec.cap_bytes)
        self.bell = rings.Bell(spec.bell)

    def go(self) -> None:
        """Run the command and write the exit record."""
        if kill := self._kill_order():
            outcome = verdict.Outcome(cause=verdict.KILL, by=_by(kill))
            self._write(self._not_started("killed", verdict.explain(outcome, 0, {})))
            return
        deadline = boottime() + self._spec.timeout_seconds
        me = procs.look_at(os.getpid())
        self._state = State(
            shim_pid=os.getpid(),
            shim_start=me.start if me else 0,
            boot_id=procs.boot_id(),
            started_at=time.time(),
            deadline_boottime=deadline,
            grace_seconds=self._spec.grace_seconds,
            prompt_file=self._spec.prompt_file,
        )
        write_state(self._folder, self._state, durable=True)
        self._run_command(deadline)

    def _run_command(self, deadline: float) -> None:
        kills = verdict.oom_kills()
        try:
            write_prompt(self._spec)
            sampler = Sampler(self._folder, self._spec.limits, time.monotonic())
            child = spawn(self._spec, lambda: self._halt(deadline))
        except (Broken, SpawnFailed) as failure:
            self._write(self._not_started("failed", str(failure)))
            return
        except Halted as halted:
            self._write(self._broken_off(halted))
            return
        self._state = replace(self._state, pid=child.pid, pid_start=_start_of(child.pid))
        try:
            write_state(self._folder, self._state, durable=False)
        except OSError:
            sampler.owed = self._state
        self.bell.ring(self._spec.run_id, rings.STARTED)
        pump = Pump(
            self._spec, self._folder, child, self._log, self.bell, self._control, self._orders, sampler, deadline
        )
        outcome = pump.run()
        outcome.out_of_memory = verdict.oom_kills() > kills
        outcome.busiest_seconds = sampler.usage.busiest_seconds
        outcome.cpu_seconds = sampler.usage.total(time.monotonic())["cpuSeconds"]
        self._write(self._ended(outcome, sampler.usage))

    def _kill_order(self) -> dict[str, Any] | None:
        """Return the order to end the run, if there is one; it stays among the orders."""
        orders = control.Orders(self._folder.control_log).read()
        return next((order for order in orders if order.get("op") == control.KILL), None)

    def _halt(self, deadline: float) -> str | None:
        if self._kill_order():
            return verdict.KILL
        return verdict.TIMEOUT if boottime() >= deadline else None

    def _broken_off(self, halted: Halted) -> Exit:
        until = time.monotonic() + _REAP_SECONDS
        while os.waitpid(halted.pid, os.WNOHANG) == (0, 0) and time.monotonic() < until:
            time.sleep(_LOCK_PAUSE)
        survivor = procs.look_at(halted.pid)
        kill = self._kill_order() if halted.cause == verdict.KILL else None
        outcome = verdict.Outcome(cause=halted.cause, by=_by(kill or {}), survivors=[survivor] if survivor else [])
        reason = verdict.explain(outcome, self._spec.timeout_seconds / 60, self._spec.limits)
        status, _, _ = verdict.judge(0, halted.cause)
        waited = f"The command had not begun: {self._spec.cwd} or {self._spec.argv[0]} did not answer."
        return self._not_started(status, f"{reason} {waited}")

    def _ended(self, outcome: verdict.Outcome, usage: Usage) -> Exit:
        status, code, named = verdict.judge(outcome.status, outcome.cause)
        return Exit(
            status=status,
            finished_at=self._state.started_at + outcome.duration,
            duration_seconds=round(outcome.duration, 3),
            exit_code=code,
            signal=named,
            reason=verdict.explain(outcome, self._spec.timeout_seconds / 60, self._spec.limits),
            started_at=self._state.started_at,
            pid=self._state.pid,
            output_bytes=self._log.size,
            usage=usage.total(time.monotonic()),
        )

    def _not_started(self, status: str, reason: str | None) -> Exit:
        return Exit(status, time.time(), None, reason=reason, complaint=reason)

    def _write(self, record: Exit) -> None:
        remove_prompt(self._spec.prompt_file)  # before the record: who reads that looks for nothing more
        self._log.close()
        while True:
            try:
                if self._folder.is_removed():
                    self._write_anew(record)
                else:
                    write_exit(self._folder, self._reserved, record)
                return
            except IsADirectoryError:  # somebody put a folder in its place: no waiting will help
                return
            except OSError as error:
                if isinstance(error, FileNotFoundError) and self._reserve_again():
                    continue
                time.sleep(1)  # the record is the only witness of the end: keep it until the disk takes it

    def _reserve_again(self) -> bool:
        """Take space for a record whose draft somebody has deleted; say whether the disk gave it."""
        try:
            self._reserved = reserve_exit(self._folder)
        except OSError:
            return False
        return True

    def _write_anew(self, record: Exit) -> None:
        """Leave the record where the folder was, unless all that the server keeps was removed with it."""
        folder = Folder(Path(self._spec.folder))
        if not folder.path.parents[2].is_dir():
            return
        make_private_folder(folder.path)
        reason = f"{record.reason or ''} Its folder was removed while it ran, and its output with it.".strip()
        write_exit(folder, reserve_exit(folder), replace(record, reason=reason))


def _reserve(path: Path) -> None:
    """Take disk space behind a file's end (fallocate(2)), so that on a full disk a kill can still be written down."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    _LIBC.fallocate(descriptor, _FALLOC_FL_KEEP_SIZE, ctypes.c_long(0), ctypes.c_long(_ORDERS_RESERVE))
    os.close(descriptor)


def _read_spec(pipe: int) -> Spec | None:
    with open(pipe, "rb") as file:
        return unpack(file.read())


def _be_quiet() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    if null > 2:
        os.close(null)
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        # Only SIGKILL ends a shim early: a service manager's TERM to the whole group must not.
        signal.signal(number, signal.SIG_IGN)


def _start_of(pid: int) -> int:
    process = procs.look_at(pid)
    return process.start if process else 0


def _by(order: dict[str, Any]) -> str:
    return str(order.get("by") or "")
