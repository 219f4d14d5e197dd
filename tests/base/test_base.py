"""The cellar: bus, ids, clock, files, log."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.base.bus import Bus, Change
from airunner.base.clock import from_iso, to_iso
from airunner.base.files import replace_file
from airunner.base.ids import Ids, is_id, is_slug, slug_of
from airunner.base.log import pairs, write_if_taken
from tests.helpers.clock import FakeClock


def test_bus_when_asked_since_then_each_change_once_in_order() -> None:
    bus = Bus()
    start = bus.number
    for topic, id in [("runs", "a"), ("output", "a"), ("runs", "b"), ("runs", "a")]:
        bus.ring(topic, id)
    assert bus.since(start, lambda change: change.topic == "runs") == [Change("runs", "b"), Change("runs", "a")]
    assert bus.since(bus.number, lambda change: True) == []
    assert bus.rang_since([Change("output", "a")], start)
    assert not bus.rang_since([Change("output", "b")], start)


def test_bus_when_it_forgot_then_it_says_so() -> None:
    bus = Bus(kept=3)
    start = bus.number
    for number in range(10):
        bus.ring("runs", str(number))
    assert bus.since(start, lambda change: True) is None
    assert bus.since(bus.number + 1, lambda change: True) is None
    assert bus.rang_since([Change("runs", "never")], start)


def test_ids_when_time_stands_still_or_goes_back_then_they_still_ascend() -> None:
    clock = FakeClock()
    ids = Ids(clock)
    made = [ids.new() for _ in range(500)]
    clock.pass_(-3600)
    made += [ids.new() for _ in range(500)]
    assert made == sorted(set(made))
    assert all(is_id(id) for id in made)


def test_ids_when_made_in_threads_then_unique() -> None:
    ids, made = Ids(FakeClock()), []
    threads = [threading.Thread(target=lambda: made.extend(ids.new() for _ in range(300))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2400


@given(st.text(max_size=100))
def test_slug_when_made_then_empty_or_valid(name: str) -> None:
    slug = slug_of(name)
    assert slug == "" or is_slug(slug)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
def test_time_when_written_then_read_back_to_the_millisecond(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert from_iso(f"{moment.isoformat()}") == moment
    if moment.year >= 1000:
        assert from_iso(to_iso(moment)) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "1"])
def test_time_when_malformed_then_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        from_iso(text)


def test_replace_file_when_done_then_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_file(path, b"one")
    replace_file(path, b"two" * 100_000, durable=False)
    assert path.read_bytes() == b"two" * 100_000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["x"]


def test_replace_file_when_it_fails_then_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "x"
    replace_file(path, b"one")
    with pytest.raises(TypeError):
        replace_file(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["x"]


def test_write_when_the_pipe_is_full_then_false_and_no_wait() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    while write_if_taken(write, b"x" * 4096):
        pass
    os.set_blocking(write, True)
    assert write_if_taken(write, b"more") is False
    os.close(read)
    os.close(write)


def test_log_when_stderr_is_closed_or_full_then_the_program_goes_on() -> None:
    program = (
        "from airunner.base.log import logger, set_up; set_up()\n"
        "for n in range(20000): logger('test').info('line %s', n)\nprint('done')"
    )
    read, write = os.pipe()
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=write, timeout=30)
    assert done.stdout == b"done\n"
    os.close(read)
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=write, timeout=30)
    assert done.stdout == b"done\n"
    os.close(write)


def test_log_when_json_then_one_object_a_line() -> None:
    program = (
        "from airunner.base.log import logger, set_up, pairs; set_up(form='json')\n"
        "logger('test').warning('two\\nlines%s', pairs(a='b c'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["message"] == 'two\nlines a="b c"'
    assert logging.getLogger("airunner").propagate is True


def test_pairs_when_a_value_is_missing_then_it_is_left_out() -> None:
    assert pairs(a=1, b=None, c="") == ' a=1 c=""'
