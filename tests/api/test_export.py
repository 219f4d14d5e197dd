"""The history as a file: JSON and CSV, of filters or of a selection, however long it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airunner.api.context import Context
from airunner.api.export import COLUMNS, MOST_IDS, Export, cell
from airunner.base.clock import SystemClock
from airunner.base.ids import Ids
from airunner.domain.query import RunPage, RunQuery
from airunner.domain.run import listed, new_run
from airunner.server.wire import Request
from tests.helpers.clock import FakeClock
from tests.helpers.runs import keep_runs, make_profile, start_run, wait_running
from tests.helpers.server import API, House

MANY = 2_345
IDS = Ids(SystemClock())
BEGIN = datetime(2025, 5, 1, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://evil","a, b")\r\n\tsecond "line" é\u0000'


def a_run(number: int, **given: Any) -> dict[str, Any]:
    """Return a run of last year, each a minute after the one before."""
    at = BEGIN + timedelta(minutes=number)
    return new_run(
        runId=IDS.new(), queuedAt=at, startedAt=at, finishedAt=at + timedelta(seconds=number), durationSeconds=number,
        status="failed" if number % 3 == 0 else "completed", exitCode=number % 3, promptName=f"Run {number}",
        promptContent="x" * 900, workingDirectory=f"/srv/{number % 2}", agentProfileId="p", agentProfileName="P",
        resourceUsage={"peakMemoryMB": 12.5, "cpuSeconds": 3}, **given,
    )  # fmt: skip


@pytest.fixture(scope="module")
def long_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server with a long history."""
    house = House(tmp_path_factory.mktemp("export"))
    keep_runs(house, [a_run(number) for number in range(MANY)])
    with house:
        make_profile(house)
        yield house


def rows_of(body: bytes) -> list[dict[str, str]]:
    """Read CSV as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_json_when_the_history_is_long_then_all_of_it_in_the_order_of_the_list(long_house: House) -> None:
    reply = long_house.request("GET", f"{API}/runs/export?format=json&to=2026-01-01")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-disposition"].startswith('attachment; filename="airunner-runs-2')
    assert reply.headers["content-disposition"].endswith('.json"')
    assert reply.headers["transfer-encoding"] == "chunked"
    assert [run["promptName"] for run in reply.json] == [f"Run {number}" for number in reversed(range(MANY))]
    listed_first = long_house.api("GET", "runs?to=2026-01-01&limit=1")["runs"][0]
    assert reply.json[0] == listed_first
    assert reply.json[0]["promptPreview"] == "x" * 500


def test_csv_when_filtered_and_sorted_then_as_the_list_has_it(long_house: House) -> None:
    asked = "status=failed&workingDirectory=/srv/1&sort=durationSeconds&to=2026-01-01"
    reply = long_house.request("GET", f"{API}/runs/export?format=csv&{asked}")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert reply.headers["content-disposition"].endswith('.csv"')
    assert reply.body.splitlines(keepends=True)[0].decode() == ",".join(COLUMNS) + "\r\n"
    rows = rows_of(reply.body)
    assert [row["promptName"] for row in rows] == [f"Run {n}" for n in range(MANY) if n % 3 == 0 and n % 2 == 1]
    first = rows[0]
    assert (first["durationSeconds"], first["exitCode"], first["pinned"]) == ("3", "0", "false")
    assert (first["queuedAt"], first["signal"]) == ("2025-05-01T00:03:00.000Z", "")
    assert (first["resourceUsage.peakMemoryMB"], first["resourceUsage.cpuSeconds"]) == ("12.5", "3")


def test_ids_when_given_then_these_only_and_in_order(long_house: House) -> None:
    runs = long_house.api("GET", "runs?sort=durationSeconds&limit=3&to=2026-01-01")["runs"]
    ids = ",".join(run["runId"] for run in (runs[1], runs[0], runs[2], runs[1]))
    found = long_house.request("GET", f"{API}/runs/export?ids={ids}&sort=durationSeconds").json
    assert found == runs
    newest = rows_of(long_house.request("GET", f"{API}/runs/export?format=csv&ids={ids}").body)
    assert [row["promptName"] for row in newest] == ["Run 2", "Run 1", "Run 0"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=xml", "format"),
        ("format=csv&format=json", "format"),
        ("status=fine", "status"),
        ("limit=5", "limit"),
        ("cursor=abc", "cursor"),
        ("ids=", "ids"),
        ("ids=last", "ids"),
        ("ids=" + ",".join("0" * 20 for _ in range(2)) + ",no", "ids"),
        ("ids=00000000000000000000&status=failed", "status"),
        ("sort=colour", "sort"),
        ("from=2026-02-01&to=2026-01-01", "to"),
    ],
)
def test_question_when_wrong_then_refused_with_what_to_do(long_house: House, query: str, field: str) -> None:
    reply = long_house.request("GET", f"{API}/runs/export?{query}")
    assert (reply.status, list(reply.json["fields"])) == (400, [field])
    assert "content-disposition" not in reply.headers


def test_ids_when_too_many_or_unknown_then_refused(long_house: House) -> None:
    many = ",".join(IDS.new() for _ in range(MOST_IDS + 1))
    assert "500" in long_house.api("GET", f"runs/export?ids={many}", expect=400)["error"]
    assert long_house.api("GET", f"runs/export?ids={IDS.new()}", expect=404)["code"] == "run_not_found"


def test_nothing_found_is_an_empty_array_and_a_head(long_house: House) -> None:
    assert long_house.request("GET", f"{API}/runs/export?search=nonesuch").json == []
    reply = long_house.request("GET", f"{API}/runs/export?search=nonesuch&format=csv")
    assert reply.body.decode() == ",".join(COLUMNS) + "\r\n"


def test_client_without_a_token_gets_nothing_and_a_viewer_everything(long_house: House) -> None:
    assert long_house.request("GET", f"{API}/runs/export", token=None).status == 401
    viewer = long_house.api("POST", "tokens", {"name": "looks", "role": "viewer"}, 201)["token"]
    reply = long_house.request("GET", f"{API}/runs/export?search=Run 7&sort=runId".replace(" ", "%20"), token=viewer)
    assert reply.status == 200 and reply.json


def test_client_that_leaves_early_holds_nobody_up(long_house: House) -> None:
    for _ in range(8):
        connection = long_house.connect()
        connection.request("GET", f"{API}/runs/export", headers={"Authorization": "Bearer air_token-of-the-tests"})
        assert connection.getresponse().read(100).startswith(b"[{")
        connection.close()
    assert len(long_house.request("GET", f"{API}/runs/export?to=2026-01-01").json) == MANY
    assert "streamed answer failed" not in long_house.log()


def test_cells_when_hostile_then_text_and_whole(long_house: House) -> None:
    profile = make_profile(long_house, "hostile", name="+cmd|' /C calc'!A0")
    body = {"name": HOSTILE.split("\r")[0], "content": "echo hi", "agentProfileId": profile["id"]}
    prompt = long_house.api("POST", "prompts", {**body, "workingDirectory": str(long_house.folder)}, 201)
    run = long_house.api("POST", "run", {"promptId": prompt["id"]}, 201)
    long_house.wait_for_run(run["runId"])
    (row,) = rows_of(long_house.request("GET", f"{API}/runs/export?format=csv&ids={run['runId']}").body)
    assert row["promptName"] == "'" + HOSTILE.split("\r")[0]
    assert row["agentProfileName"] == "'+cmd|' /C calc'!A0"
    assert row["runId"] == run["runId"] and None not in row


def test_live_runs_are_exported_as_the_list_shows_them(long_house: House) -> None:
    live = start_run(long_house, "sleep 60")["runId"]
    wait_running(long_house, live)
    (run,) = long_house.request("GET", f"{API}/runs/export?status=running").json
    assert (run["runId"], run["status"]) == (live, "running")
    assert "folder" not in run and "env" not in run
    long_house.api("POST", f"runs/{live}/kill")
    long_house.wait_for_run(live)


@pytest.mark.parametrize("sign", [*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_cell_when_it_begins_like_a_formula_then_an_apostrophe_is_before_it(sign: str) -> None:
    assert cell(f"{sign}1+1") == f"'{sign}1+1"
    assert cell(f"a{sign}") == f"a{sign}"


def test_cell_when_a_number_then_it_stays_one() -> None:
    assert [cell(value) for value in (-1, -0.5, 0, True, None, "")] == [-1, -0.5, 0, "true", "", ""]


def test_text_when_utf8_cannot_carry_it_then_the_file_goes_on() -> None:
    body, _ = _export("csv", pages=1, text="a\ud800b")
    assert b"a?b" in b"".join(body)
    body, _ = _export("json", pages=1, text="a\ud800b")
    assert json.loads(b"".join(body))[0]["promptName"] == "a\ud800b"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_pages_are_read_only_when_they_are_taken(form: str) -> None:
    body, asked = _export(form, pages=2_000)
    next(body)
    assert len(asked) == 1
    next(body)
    assert len(asked) == 2
    assert asked[1].cursor is not None
    cast("Any", body).close()
    assert (len(asked), next(body, None)) == (2, None)


def _export(form: str, *, pages: int, text: str = "n") -> tuple[Iterator[bytes], list[RunQuery]]:
    """Return the body of an export from a store with so many pages of one run, and what was asked of the store."""
    asked: list[RunQuery] = []

    def find_runs(query: RunQuery) -> RunPage:
        asked.append(query)
        run = listed(a_run(1) | {"promptName": text})
        return RunPage([run], 10_000, True, "more" if len(asked) < pages else None)

    context = SimpleNamespace(store=SimpleNamespace(find_runs=find_runs), clock=FakeClock())
    request = cast("Request", SimpleNamespace(query={"format": [form]}))
    body = Export(cast("Context", context)).show(request).body
    assert not isinstance(body, bytes)
    return body, asked
