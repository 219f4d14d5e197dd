"""The short form of the long story: `python3 -m tests.chaos` tells that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import database
from tests.chaos.faults import FAULTS, Faults
from tests.chaos.story import tell
from tests.chaos.work import KINDS, Job


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("on_mongodb", "rounds"), [(False, 15), (True, 8)])
def test_chaos_when_faults_come_under_load_then_no_run_is_lost_doubled_or_stuck_and_nothing_is_left(
    tmp_path: Path, on_mongodb: bool, rounds: int
) -> None:
    report = tell(tmp_path / "house", rounds=rounds, seed=7, on_mongodb=on_mongodb)
    print(report.table())
    assert report.findings.all() == []
    assert report.runs >= rounds
    assert sum(report.faults.values()) >= rounds // 2


def test_faults_when_they_are_drawn_then_each_has_its_method() -> None:
    assert all(hasattr(Faults, "_" + name.replace(" ", "_").lower()) for name in FAULTS)
    assert all(hasattr(database.Database, name.replace(" ", "_").lower()) for name in database.FAULTS)


def test_jobs_when_they_are_undisturbed_then_each_kind_says_how_it_ends() -> None:
    ends = {kind: (job.status, job.exit_code) for kind in KINDS if (job := Job(4, kind, 8))}
    assert ends["short"] == ("failed", 1)
    assert ends["talk"] == ends["tree"] == ends["pipes"] == ("completed", 0)
    assert ends["deaf"] == ("timeout", None)
    assert Job(4, "talk", 8).stdout().count(b"\r\n") == 9
