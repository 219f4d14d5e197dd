"""SQLite: the writer's thread: batches, errors, locks, full disks, the end."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airunner.base.errors import Busy, Conflict
from airunner.store import sqlite_link, sqlite_writer
from airunner.store.sqlite_link import Readers, connect
from airunner.store.sqlite_writer import Writer
from tests.helpers.held import Held
from tests.helpers.wait import until

Link = sqlite3.Connection


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / "test.db"


@pytest.fixture
def statements() -> list[str]:
    """What the writer said to SQLite."""
    return []


@pytest.fixture
def writer(file: Path, statements: list[str]) -> Iterator[Writer]:
    link = connect(file)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("CREATE TABLE t (a INTEGER UNIQUE, b BLOB)")
    link.set_trace_callback(statements.append)
    made = Writer(link, lambda _: False)
    yield made
    made.close()


def put(number: int) -> Callable[[Link], int]:
    return lambda link: link.execute("INSERT INTO t (a) VALUES (?)", (number,)).rowcount


def kept(file: Path) -> list[int]:
    link = sqlite3.connect(file)
    found = [a for (a,) in link.execute("SELECT a FROM t ORDER BY a")]
    link.close()
    return found


def started(
    writer: Writer, works: list[Callable[[Link], object]], durable: bool = False
) -> tuple[list[threading.Thread], list[object]]:
    """Start a caller for each work, in this order; return their threads and the list that gets what they got."""
    results: list[object] = [None] * len(works)

    def call(place: int) -> None:
        try:
            results[place] = writer.do(works[place], durable=durable)
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(works))]
    for place, thread in enumerate(threads, start=1):
        thread.start()
        until(lambda place=place: writer._queue.qsize() == place)
    return threads, results


def test_writes_when_they_wait_together_then_they_share_one_transaction(
    writer: Writer, file: Path, statements: list[str]
) -> None:
    held = Held(writer)
    threads, results = started(writer, [put(n) for n in range(10)], durable=True)
    statements.clear()
    held.let_go()
    for thread in threads:
        thread.join(5)
    assert results == [1] * 10
    assert kept(file) == list(range(10))
    assert statements.count("COMMIT") == 2  # the one that held, and the batch
    assert statements.count("PRAGMA synchronous = FULL") == 1


def test_write_when_one_of_a_batch_fails_then_its_neighbours_do_not(writer: Writer, file: Path) -> None:
    def conflict(link: Link) -> None:
        put(77)(link)
        raise Conflict("no")

    held = Held(writer)
    threads, results = started(writer, [put(1), put(1), conflict, lambda link: link.execute("NONSENSE"), put(2)])
    held.let_go()
    for thread in threads:
        thread.join(5)
    assert results[0] == results[4] == 1
    assert [type(result) for result in results[1:4]] == [Busy, Conflict, Busy]
    assert kept(file) == [1, 2]


def test_write_when_it_fails_alone_then_the_next_one_works(writer: Writer, file: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        writer.do(lambda link: put(1)(link) // 0)
    assert writer.do(put(2)) == 1
    assert kept(file) == [2]


def test_durable_when_it_changes_then_the_mode_follows(writer: Writer, statements: list[str]) -> None:
    statements.clear()
    for number, durable in enumerate((True, True, False, True)):
        writer.do(put(number), durable=durable)
    modes = [statement for statement in statements if "synchronous" in statement]
    assert modes == [f"PRAGMA synchronous = {mode}" for mode in ("FULL", "NORMAL", "FULL")]


def test_write_when_it_waits_too_long_then_busy_and_it_is_never_written(
    writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(writer)
    monkeypatch.setattr(sqlite_writer, "SECONDS", 0.05)
    with pytest.raises(Busy, match="nothing was written"):
        writer.do(put(1))
    monkeypatch.undo()
    held.let_go()
    writer.do(put(2))
    assert kept(file) == [2]


def test_write_when_it_takes_too_long_then_busy_says_to_look(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(sqlite_writer, "SECONDS", 0.05)
    with pytest.raises(Busy, match="look whether it is there"):
        writer.do(lambda _: go.wait(5))
    go.set()


def test_write_when_the_writer_is_stuck_then_busy_at_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(writer)
    monkeypatch.setattr(sqlite_writer, "SECONDS", 0.05)
    with pytest.raises(Busy):
        writer.do(put(1))
    with pytest.raises(Busy, match="does not answer; nothing was written"):
        writer.do(put(2))
    held.let_go()
    until(lambda: not writer._is_stuck())
    assert writer.do(put(3)) == 1


def test_write_when_another_holds_the_lock_then_busy_in_time_and_reading_goes_on(writer: Writer, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begin = time.monotonic()
    with pytest.raises(Busy, match="locked by another process"):
        writer.do(put(1))
    assert time.monotonic() - begin < 2.5
    assert kept(file) == []
    other.execute("ROLLBACK")
    assert writer.do(put(2)) == 1
    other.close()


def test_write_when_the_disk_is_full_then_busy_and_later_it_works_again(writer: Writer, file: Path) -> None:
    def fat(number: int) -> Callable[[Link], object]:
        return lambda link: link.execute("INSERT INTO t VALUES (?, zeroblob(1000000))", (number,))

    pages = writer.do(lambda link: link.execute("PRAGMA page_count").fetchone()[0])
    writer.do(lambda link: link.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone())
    held = Held(writer)
    threads, results = started(writer, [put(1), fat(2), put(3)])
    held.let_go()
    for thread in threads:
        thread.join(5)
    assert isinstance(results[1], Busy)
    assert results[1].code == "store_full"
    with pytest.raises(Busy, match="make room"):
        writer.do(fat(4))
    writer.do(lambda link: link.execute("PRAGMA max_page_count = 100000").fetchone())
    writer.do(fat(5))
    survivors = [number for number, result in zip((1, 3), (results[0], results[2]), strict=True) if result == 1]
    assert kept(file) == [*survivors, 5]


def test_quiet_when_it_comes_then_work_is_done_until_there_is_no_more(file: Path) -> None:
    link = connect(file)
    link.execute("PRAGMA journal_mode = WAL")
    goes = iter([True, True, False])
    calls: list[bool] = []

    def when_quiet(_: Link) -> bool:
        calls.append(next(goes, False))
        return calls[-1]

    writer = Writer(link, when_quiet)
    until(lambda: calls == [True, True, False])
    writer.close()


def test_quiet_when_its_work_fails_then_the_writer_lives(file: Path) -> None:
    link = connect(file)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("CREATE TABLE t (a)")
    failed = threading.Event()

    def when_quiet(inner: Link) -> bool:
        inner.execute("INSERT INTO t VALUES (1)")
        failed.set()
        raise ZeroDivisionError

    writer = Writer(link, when_quiet)
    assert failed.wait(5)
    assert writer.do(lambda inner: inner.execute("SELECT count(*) FROM t").fetchone()) == (0,)
    writer.close()


def test_journal_when_it_is_quiet_then_it_is_moved_into_the_database(writer: Writer, file: Path) -> None:
    writer.do(put(1))
    until(lambda: b"CREATE TABLE t" in file.read_bytes())


def test_journal_when_it_is_never_quiet_then_it_does_not_grow_without_end(
    writer: Writer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "_JOURNAL_WRITES", 20)
    monkeypatch.setattr(sqlite_writer, "_QUIET_SECONDS", 60)
    for number in range(500):
        writer.do(put(number))
    assert file.with_name("test.db-wal").stat().st_size < 500_000


def test_close_when_writes_wait_then_they_are_finished_and_later_ones_refused(writer: Writer, file: Path) -> None:
    held = Held(writer)
    threads, results = started(writer, [put(1), put(2)])
    closing = threading.Thread(target=writer.close)
    closing.start()
    until(lambda: writer._closed)
    with pytest.raises(Busy, match="closed"):
        writer.do(put(3))
    held.let_go()
    for thread in (*threads, closing):
        thread.join(5)
    assert results == [1, 1]
    assert kept(file) == [1, 2]
    assert not writer._thread.is_alive()


def test_reading_when_it_takes_too_long_then_busy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_link, "SECONDS", 0.1)
    readers = Readers(file)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    begin = time.monotonic()
    with pytest.raises(Busy, match="did not answer within two seconds"), readers.reading() as link:
        link.execute(endless).fetchone()
    assert time.monotonic() - begin < 1.5
    with readers.reading() as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    readers.close()


def test_reading_when_it_would_write_then_it_cannot(file: Path) -> None:
    readers = Readers(file)
    with pytest.raises(Busy, match="can only be read"), readers.reading() as link:
        link.execute("CREATE TABLE t (a)")
    readers.close()


def test_readers_when_closed_while_one_reads_then_it_can_finish(file: Path) -> None:
    readers = Readers(file)
    with readers.reading() as link:
        readers.close()
        assert link.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(Busy), readers.reading():
        pass
