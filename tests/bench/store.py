"""Fills a store with made-up runs and prints what its calls take.

`python3 tests/bench/store.py [RUNS] [FOLDER or mongodb://…]`; what is there already is used as it is.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from airunner.base.clock import SystemClock
from airunner.base.errors import Busy
from airunner.base.ids import Ids
from airunner.domain.query import RunQuery
from airunner.domain.record import Doc, encode
from airunner.domain.run import new_run
from airunner.store import mongo_runs, mongo_texts, sqlite_runs
from airunner.store.contract import Store
from airunner.store.mongo import MongoStore
from airunner.store.mongo_schema import RUNS, TEXTS
from airunner.store.open import open_store
from airunner.store.sqlite_link import connect

ENDS = ("completed",) * 16 + ("failed",) * 3 + ("killed", "timeout", "skipped")
WORDS = [
    "fix",
    "the",
    "parser",
    "of",
    "module",
    "tests",
    "refactor",
    "review",
    "docs",
    "add",
    "endpoint",
    "cache",
    "login",
    "upgrade",
    "flaky",
    "migration",
    "typing",
    "error",
    "handling",
    "for",
    "billing",
    "search",
    "and",
    "deploy",
    "pipeline",
    "remove",
    "dead",
    "code",
]
QUERIES: dict[str, dict[str, str]] = {
    "first page": {},
    "page 200 (offset 10,000)": {"offset": "10000"},
    "status=failed": {"status": "failed"},
    "status=failed,timeout,killed": {"status": "failed,timeout,killed"},
    "status=queued (none)": {"status": "queued"},
    "one profile": {"agentProfileId": "profile-3"},
    "a profile retired long ago": {"agentProfileId": "profile-old"},
    "  … by startedAt": {"agentProfileId": "profile-old", "sort": "-startedAt"},
    "  … by durationSeconds": {"agentProfileId": "profile-old", "sort": "-durationSeconds"},
    "one directory": {"workingDirectory": "/srv/repos/app-7"},
    "one prompt": {"promptId": "prompt-77"},
    "one schedule": {"scheduleId": "schedule-5"},
    "directory + status=failed": {"workingDirectory": "/srv/repos/app-7", "status": "failed"},
    "profile + directory": {"agentProfileId": "profile-3", "workingDirectory": "/srv/repos/app-7"},
    "profile + directory + failed": {
        "agentProfileId": "profile-3",
        "workingDirectory": "/srv/repos/app-7",
        "status": "failed",
    },
    "one week": {"from": "2024-05-01", "to": "2024-05-07"},
    "one week, failed": {"from": "2024-05-01", "to": "2024-05-07", "status": "failed"},
    "a year, schedule, failed": {
        "from": "2024-01-01",
        "to": "2024-12-31",
        "triggeredBy": "schedule",
        "status": "failed",
    },
    "by startedAt": {"sort": "-startedAt"},
    "by durationSeconds": {"sort": "-durationSeconds"},
    "by exitCode": {"sort": "exitCode"},
    "by promptName": {"sort": "promptName"},
    "by agentProfileName": {"sort": "agentProfileName"},
    "by workingDirectory": {"sort": "-workingDirectory"},
    "by status": {"sort": "status"},
    "failed by durationSeconds": {"status": "failed", "sort": "-durationSeconds"},
    "directory by durationSeconds": {"workingDirectory": "/srv/repos/app-7", "sort": "-durationSeconds"},
    "search parser (common)": {"search": "parser"},
    "search migration (common)": {"search": "migration"},
    "search zebra (rare)": {"search": "zebra"},
    "search nothing (nonesuch)": {"search": "nonesuch-word"},
    "search a directory": {"search": "/srv/repos/app-7"},
    "search a reason": {"search": "Killed by alice"},
    "search 2 letters": {"search": "qz"},
    "search + status=failed": {"search": "flaky", "status": "failed"},
    "search + directory": {"search": "flaky", "workingDirectory": "/srv/repos/app-7"},
    "search by durationSeconds": {"search": "flaky", "sort": "-durationSeconds"},
}


def made_up(count: int, ids: Iterator[str], seed: int = 1) -> Iterator[Doc]:
    """Yield `count` runs, oldest first; one in ten has a prompt of its own."""
    chance = random.Random(seed)
    saved = [" ".join(chance.choices(WORDS, k=chance.randint(8, 60))) for _ in range(500)]
    begin = datetime(2023, 1, 1, tzinfo=UTC)
    step = timedelta(days=1200) / count
    for number in range(count):
        which, queued = chance.randrange(500), begin + step * number
        prompt = saved[which]
        if chance.random() < 0.1:
            prompt = " ".join(chance.choices(WORDS, k=20)) + f" task {number}" + " zebra" * (number % 9973 == 0)
        status = chance.choice(ENDS)
        seconds = round(chance.expovariate(1 / 300), 3)
        scheduled = chance.random() < 0.6
        profile = "profile-old" if number < count // 50 else f"profile-{chance.randrange(10)}"
        started = queued + timedelta(milliseconds=chance.randrange(5000))
        yield new_run(
            runId=next(ids), queuedAt=queued, startedAt=started, finishedAt=started + timedelta(seconds=seconds),
            durationSeconds=seconds, status=status, exitCode={"completed": 0, "failed": chance.choice((1, 2, 127))}.get(status),
            reason="Killed by alice." if status == "killed" else None,
            promptId=f"prompt-{which}", promptName=f"Prompt {which}", promptContent=prompt, command=f"claude {prompt!r}",
            scheduleId=f"schedule-{which % 60}" if scheduled else None, triggeredBy="schedule" if scheduled else "manual",
            agentProfileId=profile, agentProfileName=profile.title(), agentType="claude-code",
            workingDirectory=f"/srv/repos/app-{chance.randrange(40)}", timeout=30, startedBy="admin", node="here",
        )  # fmt: skip


def fill(path: Path, count: int, ids: Ids) -> None:
    """Write the runs straight through the store's own statements, many to a transaction."""
    link = connect(path)
    link.execute("PRAGMA synchronous = OFF")
    link.execute("PRAGMA cache_size = -200000")
    link.execute("BEGIN")
    for number, doc in enumerate(made_up(count, iter(ids.new, None))):
        sqlite_runs.insert(link, sqlite_runs.prepare(doc))
        if number % 50_000 == 49_999:
            index_all(link)
            link.execute("COMMIT")
            link.execute("BEGIN")
    index_all(link)
    link.execute("COMMIT")
    link.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    link.close()


def fill_mongo(store: MongoStore, count: int, ids: Ids) -> None:
    """Write the runs as the store keeps them, many to a command."""
    docs, known, database = made_up(count, iter(ids.new, None)), set(), store._db
    while batch := list(islice(docs, 2_000)):
        texts = {id: text for doc in batch for id, text in mongo_texts.texts_of(doc).items() if id not in known}
        known |= texts.keys()
        if texts:
            database[TEXTS].insert_many([{"_id": id, **mongo_texts.kept(text)} for id, text in texts.items()])
        database[RUNS].insert_many([mongo_runs.stored(doc) for doc in batch], ordered=False)


def index_all(link: sqlite3.Connection) -> None:
    while sqlite_runs.index_texts(link, 5_000):
        pass


def timed(call: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """Return the median and the longest of some calls in milliseconds, and the last answer."""
    took, answer = [], None
    for _ in range(times):
        start = time.perf_counter()
        answer = call()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), max(took), answer


def report(name: str, median: float, most: float, rest: str = "") -> None:
    print(f"{name:36} {median:9.2f} {most:9.2f}   {rest}")


def read_figures(store: Store) -> None:
    print(f"{'':36} {'median ms':>9} {'max ms':>9}")
    for name, params in QUERIES.items():
        query = RunQuery.from_params({key: [value] for key, value in params.items()})
        try:
            median, most, page = timed(lambda query=query: store.find_runs(query), 5)
        except Busy as busy:
            print(f"{name:36} {busy}")
            continue
        report(name, median, most, f"{page.total:,}{'+' if page.total_is_more else ''}")
    deep = RunQuery.from_params({"limit": ["200"]})
    report("200 runs as JSON", *timed(lambda: encode(store.find_runs(deep).runs), 5)[:2])
    report("active runs", *timed(store.active_runs, 5)[:2])
    report("directories(50)", *timed(lambda: store.directories(50), 5)[:2])
    report(
        "last runs of 500 prompts",
        *timed(lambda: store.last_runs("promptId", [f"prompt-{n}" for n in range(500)]), 5)[:2],
    )


def write_figures(store: Store, ids: Ids) -> None:
    docs = list(made_up(300, iter(ids.new, None), seed=2))
    now = SystemClock().now()
    fresh = iter(
        [
            {**doc, "queuedAt": now, "status": "queued", "promptContent": f"{doc['promptContent']} {doc['runId']}"}
            for doc in docs
        ]
    )
    report("insert_run, a new prompt", *timed(lambda: store.insert_run(next(fresh)), 150)[:2])
    repeated = iter([{**doc, "runId": ids.new(), "queuedAt": now, "status": "queued"} for doc in docs])
    report("insert_run, a known prompt", *timed(lambda: store.insert_run(next(repeated)), 150)[:2])
    run_id = docs[0]["runId"]
    report(
        "change_run",
        *timed(lambda: store.change_run(run_id, {"pid": 1, "status": "running"}, only_if=("queued", "running")), 150)[
            :2
        ],
    )
    report("get_run", *timed(lambda: store.get_run(run_id), 150)[:2])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    where = sys.argv[2] if len(sys.argv) > 2 else ""
    with tempfile.TemporaryDirectory() as made:
        is_mongo = where.startswith("mongodb")
        folder = Path(made if is_mongo or not where else where)
        ids = Ids(SystemClock())
        begun = time.perf_counter()
        store = open_store(where if is_mongo else "sqlite", data_folder=folder, clock=SystemClock())
        print(f"opened in {time.perf_counter() - begun:.2f} s")
        if not store.find_runs(RunQuery(limit=1)).total:
            begun = time.perf_counter()
            if isinstance(store, MongoStore):
                fill_mongo(store, count, ids)
            else:
                fill(folder / "airunner.db", count, ids)
            print(f"filled {count:,} runs in {time.perf_counter() - begun:.0f} s")
        read_figures(store)
        write_figures(store, ids)
        store.close()


if __name__ == "__main__":
    main()
