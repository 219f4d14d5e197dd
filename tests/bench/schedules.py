"""Many schedules: how long a start takes, how late they fire, what they cost while nothing is due.

    python3 -m tests.bench.schedules [COUNT]

The first table loads COUNT schedules (100,000) into a scheduler as a start does. The second is a server with 1,000
schedules: to ready, memory, CPU of an idle minute, how late 100 fire that share a minute.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from airunner.base.clock import SystemClock
from airunner.domain.record import to_doc
from airunner.domain.schedule import Schedule
from airunner.schedule import planner
from airunner.store.open import open_store
from tests.helpers.clockwork import Clockwork
from tests.helpers.runs import make_profile
from tests.helpers.server import House
from tests.helpers.wait import until


def main() -> None:
    """Print both tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        loading(Path(folder), count)
    with tempfile.TemporaryDirectory() as folder:
        serving(Path(folder))


def loading(folder: Path, count: int) -> None:
    """Time a start on a store with that many schedules, and a tick with a hundred of them due."""
    works = Clockwork(folder, "2026-03-12 10:00:30")
    fill(works.store, count, works.clock.now(), due=100)
    works.restart("2026-03-12 10:00:40")
    began = time.perf_counter()
    works.tick()
    print(f"{count:,} schedules loaded in {time.perf_counter() - began:.2f} s")
    works.clock.pass_(20)
    began = time.perf_counter()
    works.tick()
    print(f"100 of them fired in {time.perf_counter() - began:.2f} s ({len(works.queued)} runs queued)")
    works.close()


def fill(store: Any, count: int, now: Any, due: int, after: Any = None) -> None:
    """Put schedules and their plans into a store; the first `due` come every minute, the others once a day, from `after` on."""
    for start in range(0, count, 1000):
        plans = []
        for number in range(start, min(start + 1000, count)):
            cron = "* * * * *" if number < due else f"{number % 60} {number // 60 % 24} * * *"
            wish = {"name": f"S{number}", "promptId": "prompt1", "cronExpression": cron, "timezone": "UTC"}
            made = Schedule.from_input(wish, id=f"s{number}", now=now, by="me", timezone="UTC")
            schedule = Schedule(**{**vars_of(made), "revision": 1})
            insert(store, to_doc(schedule))
            plans.append(to_doc(planner.plan(schedule, after or now, now)))
        store.save_plans(plans)


def insert(store: Any, doc: Any) -> None:
    """Add a schedule without waiting for the disk each time."""
    store._writer.do(lambda link: link.execute(
        "INSERT INTO aiRunnerSchedules (id, created_at, revision, doc) VALUES (?, 0, 1, ?)", (doc["id"], written(doc))
    ) and None)  # fmt: skip


def written(doc: Any) -> str:
    """Return a document as the store keeps it."""
    from airunner.store import codec

    return codec.write(doc)


def vars_of(schedule: Schedule) -> dict[str, Any]:
    """Return the fields of a schedule."""
    return {name: getattr(schedule, name) for name in Schedule.__slots__}


def serving(folder: Path) -> None:
    """Measure a server with 1,000 schedules, none of them due within a minute, then 100 that share one."""
    data = folder / "data"
    with House(folder) as house:
        make_profile(house)
        place = {"agentProfileId": "sh", "workingDirectory": str(house.folder)}
        prompt = house.api("POST", "prompts", {"name": "P", "content": "true", **place}, expect=201)
        data = house.data
        house.stop()
        store = open_store("sqlite", data_folder=data, clock=SystemClock())
        now = SystemClock().now()
        fill(store, 1000, now, due=0, after=now + timedelta(days=400))
        store.close()
        began = time.perf_counter()
        house.start()
        print(f"1,000 schedules: ready after {time.perf_counter() - began:.2f} s")
        pid = house.process.pid if house.process else 0
        time.sleep(5)
        before = cpu(pid)
        time.sleep(60)
        print(f"idle minute: {cpu(pid) - before:.2f} s of CPU, {rss(pid)} MB")
        wish = {"promptId": prompt["id"], "cronExpression": "* * * * *", "overlap": "parallel"}
        house.api("PATCH", "settings", {"maxConcurrentRuns": 100})
        ids = [house.api("POST", "schedules", {"name": f"M{n}", **wish}, expect=201)["id"] for n in range(100)]
        first = max(house.api("GET", f"schedules/{id}")["nextRunTime"] for id in ids)
        runs: list[Any] = until(lambda: (found := fires(house, first)) and len(found) == 100 and found, 150, 0.5)
        late = [moment(run["queuedAt"]) - moment(run["scheduledFor"]) for run in runs]
        print(
            f"100 at one minute: median {statistics.median(late) * 1000:.0f} ms late, the last {max(late) * 1000:.0f}"
        )
        began = time.perf_counter()
        house.api("GET", "schedules")
        print(f"GET /schedules with 1,100: {(time.perf_counter() - began) * 1000:.0f} ms")
        house.api("POST", "schedules/bulk", {"action": "disable", "ids": ids})


def fires(house: House, first: str) -> list[Any]:
    """Return the scheduled runs of one time."""
    page = house.api("GET", "runs?triggeredBy=schedule&limit=200")["runs"]
    return [run for run in page if run["scheduledFor"] == first]


def moment(iso: str) -> float:
    """Return the seconds since 1970 of a time of the API."""
    from airunner.base.clock import from_iso

    return from_iso(iso).timestamp()


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss(pid: int) -> int:
    """Return the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4096 // 2**20


if __name__ == "__main__":
    main()
