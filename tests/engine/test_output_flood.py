"""A run that floods its terminal is not held up, and what is kept of it is exact; viewers that misbehave cost it nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from airunner.spool.rawlog import RawReader
from tests.bench.flood import (
    bytes_of,
    crowd,
    flood,
    kept,
    last_number,
    paced,
    size_of,
    stuck_viewers,
    vanishing_viewers,
)
from tests.helpers.server import API, House

_SIZE = 60 * 1024 * 1024
_CAP = 10 * 1024 * 1024  # as the settings have it
_HELD_UP_SECONDS = 20.0  # on a machine that does other things; one that is held up waits for ever


@pytest.mark.parametrize("lines", [True, False], ids=["lines", "no newline"])
def test_a_flood_is_kept_as_the_cap_says_to_the_byte(shell: House, lines: bool) -> None:
    last = last_number(_SIZE, lines=lines)
    found = flood(shell, last, lines=lines)
    run, size = found.run, size_of(last, lines=lines)
    assert (run["status"], run["exitCode"], run["outputBytes"]) == ("completed", 0, size)
    assert found.seconds < _HELD_UP_SECONDS
    assert found.server_peak - found.server_before < 10
    assert found.shim_peak - found.shim_before < 5
    _check_bytes(shell, run["runId"], kept(_CAP, size), last, lines=lines)
    _check_clean(shell, run["runId"], kept(_CAP, size), last, lines=lines)


def _check_bytes(house: House, run_id: str, gap: tuple[int, int], last: int, *, lines: bool) -> None:
    folder = next((house.data / "runs").rglob(run_id))
    pieces = list(RawReader(folder).pieces())
    assert [(piece.offset, piece.omitted) for piece in pieces if piece.omitted is not None] == [gap]
    size = size_of(last, lines=lines)
    assert sum(path.stat().st_size for path in folder.glob("output.*")) == gap[0] + size - gap[1] <= _CAP
    head = b"".join(piece.data for piece in pieces if piece.offset < gap[0])
    tail = b"".join(piece.data for piece in pieces if piece.offset >= gap[1])
    assert bytes_of(range(1, 1_500_000), lines=lines).startswith(head)
    assert bytes_of(range(last - 1_500_000, last + 1), lines=lines).endswith(tail)
    assert (len(head), len(tail)) == (gap[0], size - gap[1])
    assert house.api("GET", f"runs/{run_id}/output?view=raw&from={gap[0]}")["omitted"] == list(gap)
    answer = house.api("GET", f"runs/{run_id}/output?view=raw&from={size - 5}")
    assert (base64.b64decode(answer["data"]), answer["done"]) == (tail[-5:], True)


def _check_clean(house: House, run_id: str, gap: tuple[int, int], last: int, *, lines: bool) -> None:
    answer = house.api("GET", f"runs/{run_id}/output?view=clean")
    assert answer["lines"][0]["t"].startswith("1" if lines else "12345")
    total: int = house.api("GET", f"runs/{run_id}/lines?from=0&count=1")["total"]
    end: list[dict[str, Any]] = house.api("GET", f"runs/{run_id}/lines?from={total - 2}&count=2")["lines"]
    if lines:
        assert [line["t"] for line in end] == [str(last - 1), str(last)]
    else:
        assert end[-1]["t"].endswith(str(last))
    assert house.api("GET", f"runs/{run_id}/output?view=clean&have={answer['version']}")["omitted"] == [list(gap)]
    text = house.request("GET", f"{API}/runs/{run_id}/log").body
    assert text.rstrip().endswith(str(last).encode())


def test_viewers_that_misbehave_or_are_many_cost_the_run_nothing(shell: House) -> None:
    alone = paced(shell, 30)
    for watched in (stuck_viewers, vanishing_viewers, crowd):
        assert paced(shell, 30, watched) < 2 * alone + 2
    assert shell.api("GET", "runs/active") == []


def test_a_smaller_cap_is_kept_to_the_byte_too_and_the_download_says_what_is_missing(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxOutputBytes": 1 << 20})
    last = last_number(8 << 20, lines=True)
    run = flood(shell, last, lines=True).run
    end = f"{last - 1}\r\n{last}\r\n".encode()
    gap = kept(1 << 20, run["outputBytes"])
    head = base64.b64decode(shell.api("GET", f"runs/{run['runId']}/output?view=raw&from=0")["data"])
    assert bytes_of(range(1, 200_000), lines=True).startswith(head)
    log = shell.request("GET", f"{API}/runs/{run['runId']}/log?raw=1").body
    assert f"[{gap[1] - gap[0]} bytes left out]".encode() in log
    assert log.endswith(end)
