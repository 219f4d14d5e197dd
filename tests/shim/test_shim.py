"""A run from start to end, with real processes on real terminals."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from airunner.spool import bell, control
from airunner.spool.layout import Folder
from airunner.spool.procs import look_at
from airunner.spool.rawlog import STDERR, STDOUT, RawReader, read_marks
from airunner.spool.spec import pack
from airunner.spool.state import read_exit, read_state, read_usage
from tests.helpers.wait import until
from tests.shim.yard import Yard, rings


def is_alive(pid: int) -> bool:
    process = look_at(pid)
    return process is not None and process.state not in "ZX"


def pid_from(path: Path) -> int:
    return int(until(lambda: path.exists() and path.read_text().strip()))


@pytest.mark.parametrize(
    ("script", "status", "code"), [("true", "completed", 0), ("false", "failed", 1), ("exit 7", "failed", 7)]
)
def test_exit_code_decides_the_status(yard: Yard, script: str, status: str, code: int) -> None:
    record, output = yard.run(script)
    assert (record.status, record.exit_code, record.signal, output) == (status, code, None, b"")


def test_a_hundred_short_commands_lose_nothing(yard: Yard) -> None:
    jobs = [yard.start(f"echo line {number}") for number in range(100)]
    for number, job in enumerate(jobs):
        record = yard.wait(job)
        assert (record.status, job.output()) == ("completed", f"line {number}\r\n".encode())


def test_the_command_has_a_terminal_of_the_given_size(yard: Yard) -> None:
    _, output = yard.run("test -t 0 && test -t 1 && test -t 2 && stty size", cols=97, rows=33)
    assert output == b"33 97\r\n"


def test_without_a_terminal_stdin_is_empty_and_streams_are_told_apart(yard: Yard) -> None:
    job = yard.start("cat; test -t 1 || echo out; sleep 0.2; echo err >&2", tty=False)
    assert yard.wait(job).status == "completed"
    assert job.output() == b"out\nerr\n"
    assert [mark.kind for mark in read_marks(job.folder.timing)] == [STDOUT, STDERR]


def test_the_child_starts_clean(yard: Yard) -> None:
    script = "ls /proc/self/fd | wc -l; grep -E 'Sig(Ign|Blk)' /proc/self/status | cut -f2 | sort -u; umask; ulimit -c; env | sort"
    _, output = yard.run(script, env={"PATH": "/usr/bin:/bin", "ONLY": "this"}, tty=False)
    lines = output.decode().split("\n")
    assert lines[:4] == ["4", "0000000000000000", "0022", "0"]  # 0, 1, 2 and the listing's own
    assert {line.partition("=")[0] for line in lines[4:] if line} <= {"ONLY", "PATH", "PWD", "SHLVL", "_"}


def test_a_run_past_its_deadline_is_timeout(yard: Yard) -> None:
    record, _ = yard.run("sleep 60", timeout_seconds=0.4)
    assert record.status == "timeout"
    assert "timeout" in (record.reason or "")


def test_a_deaf_agent_is_gone_in_its_grace_and_killed_though_it_ignores_term(yard: Yard, tmp_path: Path) -> None:
    job = yard.start(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done", grace_seconds=0.5)
    pid = pid_from(tmp_path / "pid")
    before = time.monotonic()
    job.kill("ana")
    record = yard.wait(job)
    assert time.monotonic() - before < 0.5 + 2
    assert (record.status, record.signal, record.reason) == ("killed", "SIGKILL", "Killed by ana.")
    assert not is_alive(pid)


def test_an_agent_that_exits_0_on_term_is_still_killed(yard: Yard, tmp_path: Path) -> None:
    job = yard.start(f"trap 'exit 0' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done")
    pid_from(tmp_path / "pid")
    job.kill()
    record = yard.wait(job)
    assert (record.status, record.exit_code) == ("killed", 0)


def test_a_signal_from_elsewhere_is_failed_and_named(yard: Yard) -> None:
    record, _ = yard.run("kill -KILL $$")
    assert (record.status, record.exit_code, record.signal) == ("failed", 137, "SIGKILL")
    assert "SIGKILL" in (record.reason or "")


def test_descendants_in_sessions_of_their_own_die_with_a_kill(yard: Yard, tmp_path: Path) -> None:
    script = (
        f"setsid bash -c 'echo $$ > {tmp_path}/a; exec sleep 300' & "
        f"(setsid bash -c '(echo $BASHPID > {tmp_path}/b; exec sleep 300) & sleep 0.05' &) ; sleep 300"
    )
    job = yard.start(script)
    pids = [pid_from(tmp_path / name) for name in "ab"]
    assert all(map(is_alive, pids))
    job.kill()
    assert yard.wait(job).status == "killed"
    assert not any(map(is_alive, pids))


def test_leftovers_end_with_the_main_process(yard: Yard, tmp_path: Path) -> None:
    record, _ = yard.run(
        f"setsid bash -c 'echo $$ > {tmp_path}/a; exec sleep 300' & while ! [ -s {tmp_path}/a ]; do :; done"
    )
    assert record.status == "completed"
    assert not is_alive(pid_from(tmp_path / "a"))


def test_leftovers_may_be_kept(yard: Yard, tmp_path: Path) -> None:
    script = f"setsid bash -c 'echo $$ > {tmp_path}/a; exec sleep 300' & while ! [ -s {tmp_path}/a ]; do :; done"
    yard.run(script, keep_leftovers=True)
    pid = pid_from(tmp_path / "a")
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_grandchild_that_holds_the_terminal_delays_nothing(yard: Yard) -> None:
    before = time.monotonic()
    record, output = yard.run("yes & echo done")
    assert record.status == "completed"
    assert b"done\r\n" in output
    assert time.monotonic() - before < 4


def test_words_on_a_terminal_that_was_closed_and_opened_again_are_kept(yard: Yard) -> None:
    _, output = yard.run("exec 0<&- 1>&- 2>&-; sleep 0.5; exec 1>/dev/tty; echo last words")
    assert output == b"last words\r\n"


def test_a_process_that_forks_and_ends_all_the_time_does_not_escape(yard: Yard, tmp_path: Path) -> None:
    hopper = tmp_path / "hop.py"
    hopper.write_text(
        "import os, time\nos.setsid()\n"
        "while True:\n    if os.fork():\n        os._exit(0)\n"
        f"    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n    time.sleep(0.0003)\n"
    )
    for _ in range(5):
        job = yard.start(f"python3 {hopper} & sleep 60", grace_seconds=0.2)
        until((tmp_path / "pid").exists)
        job.kill()
        record = yard.wait(job)
        assert record.status == "killed"
        assert "could not be ended" not in (record.reason or "")
        assert not any("hop.py" in line for line in map(_command, _pids()))


def test_a_broken_order_is_passed_over(yard: Yard) -> None:
    job = yard.start("sleep 0.5; echo fine")
    until(lambda: (state := read_state(job.folder)) and state.pid)
    control.send(job.folder, control.INPUT, data="a")
    control.send(job.folder, control.RESIZE, cols=70_000, rows=1)
    control.send(job.folder, control.RESIZE)
    assert yard.wait(job).status == "completed"
    assert b"fine" in job.output()


@pytest.mark.parametrize("tty", [True, False])
def test_bytes_of_every_kind_are_kept_as_they_are_however_they_are_cut(yard: Yard, tty: bool) -> None:
    pieces = [b"a\0b", b"\xe2", b"\x98", b"\x83\xff", b"\xf0\x9f", b"\xa6\xa6\x1b[3", b"1mred\x1b", b"[m\0\0"]
    script = "; sleep 0.02; ".join("printf '" + "".join(f"\\{byte:03o}" for byte in piece) + "'" for piece in pieces)
    assert yard.run(script, tty=tty)[1] == b"".join(pieces)


def test_more_output_than_the_cap_keeps_head_and_tail(yard: Yard) -> None:
    cap = 256 * 1024
    job = yard.start("seq 1 300000", tty=False, cap_bytes=cap)
    record = yard.wait(job)
    whole = "".join(f"{number}\n" for number in range(1, 300001)).encode()
    assert record.output_bytes == len(whole)
    pieces = list(RawReader(job.folder.path).pieces())
    kept = sum(len(piece.data) for piece in pieces)
    gaps = [piece for piece in pieces if piece.omitted is not None]
    assert len(gaps) == 1
    assert cap - cap // 4 <= kept <= cap
    assert all(whole[piece.offset : piece.offset + len(piece.data)] == piece.data for piece in pieces)
    assert pieces[0].offset == 0
    assert whole.endswith(pieces[-1].data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"argv": ["/no/such/shell", "-c", "x"]}, "The shell /no/such/shell cannot be run: No such file"),
        ({"cwd": "/no/such/folder"}, "The working directory /no/such/folder cannot be entered: No such file"),
        ({"argv": ["/etc/passwd", "-c", "x"]}, "The shell /etc/passwd cannot be run: Permission denied"),
        ({"env": {"X": "x" * 140_000}}, "too long for this system"),
    ],
)
def test_a_command_that_cannot_start_says_why(yard: Yard, changes: dict[str, object], words: str) -> None:
    record, _ = yard.run("x", **changes)
    assert record.status == "failed"
    assert record.exit_code is None
    assert words in (record.reason or "")
    assert record.complaint == record.reason


def test_a_spec_that_is_cut_off_starts_nothing(yard: Yard) -> None:
    spec = yard.spec("echo never")
    job = yard.launch(pack(spec)[:-1], Folder(Path(spec.folder)))
    yard.wait_gone(job)
    assert sorted(os.listdir(spec.folder)) == []


def test_a_tombstone_starts_nothing(yard: Yard) -> None:
    spec = yard.spec("echo never")
    folder = Folder(Path(spec.folder))
    assert folder.bury()
    yard.wait_gone(yard.launch(pack(spec), folder))
    assert read_exit(folder) is None
    assert not folder.state.exists()


def test_two_shims_in_one_folder_run_the_command_once(yard: Yard, tmp_path: Path) -> None:
    spec = yard.spec(f"echo x >> {tmp_path}/count; sleep 0.2")
    folder = Folder(Path(spec.folder))
    jobs = [yard.launch(pack(spec), folder) for _ in range(4)]
    for job in jobs:
        yard.wait_gone(job)
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_kill_that_came_before_the_start_starts_nothing(yard: Yard) -> None:
    spec = yard.spec("echo never")
    folder = Folder(Path(spec.folder))
    control.send(folder, control.KILL, by="ana")
    record = yard.wait(yard.launch(pack(spec), folder))
    assert (record.status, record.started_at) == ("killed", None)


def test_rings_tell_start_output_and_end(yard: Yard, tmp_path: Path) -> None:
    descriptor = bell.open_reader(tmp_path / "bell")
    job = yard.start("sleep 0.1; echo hi; sleep 0.1")
    heard = [kind for _, kind in rings(yard, descriptor, 10)]
    os.close(descriptor)
    assert heard[0] == bell.STARTED
    assert bell.OUTPUT in heard
    assert heard[-1] == bell.EXITED
    yard.wait(job)


def test_the_state_names_the_main_process_and_the_lock_is_held(yard: Yard) -> None:
    job = yard.start("echo $$; exec sleep 60")
    state = until(lambda: (found := read_state(job.folder)) and found.pid and found)
    assert until(job.output) == f"{state.pid}\r\n".encode()
    assert state.shim_pid == job.shim_pid
    assert job.folder.is_locked()
    job.kill()
    yard.wait(job)
    assert not job.folder.is_locked()


def test_use_is_sampled_while_it_runs_and_summed_at_the_end(yard: Yard) -> None:
    job = yard.start("python3 -c 'import time; x = bytearray(60_000_000); time.sleep(60)'")
    sample = until(lambda: (found := read_usage(job.folder)) and found["memoryMB"] > 55 and found, within=10)
    assert sample["processes"] >= 1
    job.kill()
    usage = yard.wait(job).usage or {}
    assert usage["peakMemoryMB"] > 55


def test_memory_over_the_limit_ends_the_run_and_says_so(yard: Yard) -> None:
    script = "python3 -c 'import time; x = bytearray(200_000_000); time.sleep(60)'"
    record, _ = yard.run(script, limits={"memoryMB": 100})
    assert record.status == "failed"
    assert "memory" in (record.reason or "")


def test_input_and_size_reach_the_terminal(yard: Yard) -> None:
    job = yard.start("read line; echo got $line; stty size")
    until(lambda: (state := read_state(job.folder)) and state.pid)
    control.send(job.folder, control.RESIZE, cols=81, rows=25)
    control.send(job.folder, control.INPUT, data="aGVsbG8K")
    yard.wait(job)
    assert b"got hello\r\n25 81\r\n" in job.output()


def test_a_server_that_is_away_costs_nothing_and_is_found_again(yard: Yard, tmp_path: Path) -> None:
    job = yard.start("echo one; sleep 0.3; echo two; sleep 60")
    until(lambda: b"two" in job.output())
    descriptor = bell.open_reader(tmp_path / "bell")
    control.send(job.folder, control.HELLO)
    heard = until(lambda: list(bell.read_rings(descriptor)))
    os.close(descriptor)
    assert heard[0][1] == bell.OUTPUT
    job.kill()


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""
