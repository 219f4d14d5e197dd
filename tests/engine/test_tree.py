"""Shims, the nursery and the server die in every combination: what the run has made dies too, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from airunner.engine.orphans import end_orphans
from airunner.spool.layout import Folder
from airunner.spool.procs import boot_id, look_at
from airunner.spool.state import State, write_state
from tests.helpers import proc
from tests.helpers.runs import make_profile, pid_in, start_run, wait_running
from tests.helpers.server import ROOT, House
from tests.helpers.wait import until

_DAEMON = "(setsid sh -c 'echo $$ > {name}; exec sleep 300' > /dev/null 2>&1 &)"


class Scene(NamedTuple):
    """A run whose shim sees nothing any more, and what was made behind its back."""

    run_id: str
    agent: int
    shim: int
    daemon: int


def kill(*pids: int) -> None:
    """Kill, and wait until they are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(proc.is_alive, pids)))


def nursery_of(house: House) -> int:
    (pid,) = (pid for pid in proc.children(house.pid) if proc.is_alive(pid))
    return pid


def set_scene(house: House, make: str) -> Scene:
    """Start a run and stop its shim; then let the run do `make`, which leaves the pid of a daemon in the file `daemon`."""
    run_id = start_run(house, f"while ! [ -e go ]; do sleep 0.02; done\n{make}\nsleep 300")["runId"]
    agent = wait_running(house, run_id)["pid"]
    shim = proc.parent(agent)
    os.kill(shim, signal.SIGSTOP)
    until(lambda: proc.state(shim) == "T")
    (house.folder / "go").touch()
    daemon = pid_in(house.folder / "daemon")
    until(lambda: proc.parent(daemon) == shim)
    return Scene(run_id, agent, shim, daemon)


@pytest.mark.parametrize("dead", ["shim", "shim and nursery", "shim and server", "all"])
def test_daemon_when_it_was_made_behind_the_dead_shims_back_then_it_ends(shell: House, dead: str) -> None:
    scene = set_scene(shell, _DAEMON.format(name="daemon"))
    nursery = nursery_of(shell)
    if dead in ("shim and nursery", "all"):
        kill(nursery)
    if dead in ("shim and server", "all"):
        shell.kill9()
    kill(scene.shim)
    if dead in ("shim and server", "all"):
        until(lambda: not proc.is_alive(nursery))
        shell.start()
    ended = shell.wait_for_run(scene.run_id)
    assert (ended["status"], "could not be ended" in ended["reason"]) == ("failed", False)
    until(lambda: not proc.is_alive(scene.daemon) and not proc.is_alive(scene.agent), within=2)


def test_daemon_without_the_mark_when_the_nursery_lives_then_it_ends(shell: House) -> None:
    scene = set_scene(
        shell, "(env -i /usr/bin/setsid /bin/sh -c 'echo $$ > daemon; exec sleep 300' > /dev/null 2>&1 &)"
    )
    kill(scene.shim)
    assert shell.wait_for_run(scene.run_id)["status"] == "failed"
    until(lambda: not proc.is_alive(scene.daemon), within=3)


def test_process_without_the_mark_when_all_is_dead_then_its_parent_or_its_session_tells(shell: House) -> None:
    # Of the session of a marked one, and the child of another; neither has the mark itself.
    scene = set_scene(
        shell,
        "(setsid sh -c '(env -i /bin/sleep 300 & echo $! > cousin); echo $$ > daemon; sleep 300'  > /dev/null 2>&1 &);"
        "(setsid sh -c 'env -i /usr/bin/setsid -f /bin/true; env -i /usr/bin/setsid /bin/sleep 300 & echo $! > child;"
        " wait' > /dev/null 2>&1 &)",
    )
    others = [pid_in(shell.folder / name) for name in ("cousin", "child")]
    kill(nursery_of(shell))
    shell.kill9()
    kill(scene.shim)
    shell.start()
    assert shell.wait_for_run(scene.run_id)["status"] == "failed"
    until(lambda: not any(map(proc.is_alive, (scene.daemon, *others))), within=2)


def test_leftovers_when_kept_then_the_death_of_another_shim_is_nothing_to_them(shell: House) -> None:
    make_profile(shell, "keeper", leftovers="keep")
    kept_id = start_run(
        shell, "env -i /usr/bin/setsid /bin/sh -c 'echo $$ > kept; exec sleep 300' &\nsleep 0.3", "keeper"
    )
    kept = pid_in(shell.folder / "kept")
    assert shell.wait_for_run(kept_id["runId"])["status"] == "completed"
    until(lambda: proc.parent(kept) == nursery_of(shell))
    scene = set_scene(shell, _DAEMON.format(name="daemon"))
    kill(scene.shim)
    shell.wait_for_run(scene.run_id)
    until(lambda: not proc.is_alive(scene.daemon), within=2)
    assert proc.is_alive(kept)
    kill(kept)


def test_storm_when_its_shim_dies_then_it_ends_too(shell: House) -> None:
    hop = "import os, time\nend = time.monotonic() + 20\nwhile time.monotonic() < end:\n if os.fork(): os._exit(0)\n os.setsid()"
    (shell.folder / "hop.py").write_text(hop)
    scene = set_scene(shell, f"python3 -IS hop.py & {_DAEMON.format(name='daemon')}")
    kill(nursery_of(shell), scene.shim)
    assert shell.wait_for_run(scene.run_id)["status"] == "failed"
    until(lambda: not proc.find("hop.py"), within=2)


# Who must not be touched


_THE_RUN = f"the-run-{os.getpid()}"  # other tests may run beside these, and have bystanders of their own


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own that has nothing to do with any run, but for its environment."""
    environ = {"RUN_ID": _THE_RUN, "PATH": os.environ["PATH"]}
    with subprocess.Popen(["sleep", "300"], env=environ, start_new_session=True) as process:
        until(lambda: proc.command_line(process.pid) == ["sleep", "300"])
        yield process
        process.kill()


def lost_run(folder: Path, name: str, **state: object) -> Folder:
    """Make the folder of a run that began with this test's process, as its dead shim would have left it."""
    path = folder / name
    path.mkdir()
    me = look_at(os.getpid())
    assert me is not None
    facts = {
        "shim_pid": 2**22,
        "shim_start": me.start,
        "boot_id": boot_id(),
        "started_at": 0.0,
        "deadline_boottime": 0.0,
    }
    write_state(Folder(path), State(**{**facts, **state}), durable=False)  # type: ignore[arg-type]
    return Folder(path)


def test_orphans_when_one_has_the_mark_then_it_is_ended(tmp_path: Path, bystander: subprocess.Popen[bytes]) -> None:
    assert end_orphans(lost_run(tmp_path, _THE_RUN)) == []
    assert bystander.wait(2) == -signal.SIGKILL


@pytest.mark.parametrize("name", [f"{_THE_RUN}2", "the", _THE_RUN[1:]], ids=["longer", "beginning", "end"])
def test_orphans_when_the_mark_is_of_another_run_then_it_lives(
    tmp_path: Path, bystander: subprocess.Popen[bytes], name: str
) -> None:
    assert end_orphans(lost_run(tmp_path, name)) == []
    assert bystander.poll() is None


def test_orphans_when_it_started_before_the_shim_then_it_lives(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    before = look_at(bystander.pid)
    assert before is not None
    assert end_orphans(lost_run(tmp_path, _THE_RUN, shim_start=before.start + 1)) == []
    assert bystander.poll() is None


def test_orphans_when_the_machine_was_restarted_then_all_live(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    found = look_at(bystander.pid)
    assert found is not None
    folder = lost_run(tmp_path, _THE_RUN, boot_id="another", pid=bystander.pid, pid_start=found.start)
    folder.tree.write_text(f"{bystander.pid} {found.start}\n")
    assert end_orphans(folder) == []
    assert bystander.poll() is None


def test_orphans_when_a_recorded_pid_has_another_start_then_it_lives(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    found = look_at(bystander.pid)
    assert found is not None
    folder = lost_run(tmp_path, "a-run", pid=bystander.pid, pid_start=found.start + 1)
    folder.tree.write_text(f"{bystander.pid} {found.start - 1}\n{bystander.pid}\nx y\n\n{bystander.pid} {found.start}0")
    assert end_orphans(folder) == []
    assert bystander.poll() is None


def test_orphans_when_a_recorded_pid_has_its_start_then_it_is_ended(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    found = look_at(bystander.pid)
    assert found is not None
    folder = lost_run(tmp_path, "a-run")
    folder.tree.write_text(f"{bystander.pid} {found.start}\n")
    assert end_orphans(folder) == []
    assert bystander.wait(2) == -signal.SIGKILL


def test_orphans_when_a_record_names_one_of_our_own_session_then_nobody_of_it_is_touched(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "300"]) as process:
        found = look_at(process.pid)
        assert found is not None
        assert end_orphans(lost_run(tmp_path, "a-run", pid=process.pid, pid_start=found.start)) == []
        assert process.poll() is None
        process.kill()


# What cannot be ended

_PHANTOM = """
import airunner.shim.pump as pump
from airunner.spool.procs import Process

real = pump._tree
pump._tree = lambda: [*real(), Process(2**22, 1, "D", 1, 1, 1, 0.0, 0.0, 0)]
"""


def test_survivor_when_no_signal_reaches_it_then_the_run_ends_ten_seconds_after_its_grace_and_names_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_PHANTOM)
    with House(tmp_path / "house", environ={"PYTHONPATH": f"{tmp_path}:{ROOT}"}) as house:
        make_profile(house, killGraceSeconds=0.5)
        run_id = start_run(house, "sleep 300")["runId"]
        agent = wait_running(house, run_id)["pid"]
        before = time.monotonic()
        house.api("POST", f"runs/{run_id}/kill")
        ended = house.wait_for_run(run_id, within=20)
        assert 10.5 <= time.monotonic() - before < 13
        assert not proc.is_alive(agent)
        assert ended["status"] == "killed"
        assert ended["reason"].endswith("These processes could not be ended: 4194304 (D).")
