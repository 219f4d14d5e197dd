"""What is kept, and how much room there is, as the API says it."""

from __future__ import annotations

from typing import Any

from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import House
from tests.helpers.wait import until


def measured(house: House) -> Any:
    """Return the first figures of a server."""
    found = house.api("GET", "storage", wait="30")
    assert found["measuredAt"] is not None
    return found


def test_storage_when_nothing_ran_is_empty_and_knows_its_disk(house: House) -> None:
    found = measured(house)
    nothing = {"runs": 0, "bytes": 0, "diskBytes": 0}
    assert (found["output"], found["pinned"], found["oldest"], found["largest"]) == (nothing, nothing, None, [])
    assert found["records"]["bytes"] > 0
    (disk,) = found["disks"]
    assert disk["path"] == str(house.data)
    assert 0 < disk["freeBytes"] <= disk["totalBytes"]


def test_storage_counts_output_what_stays_for_ever_and_names_the_largest(house: House) -> None:
    make_profile(house)
    sizes = [10, 70_000, 300, 20, 4000, 5000, 600]
    runs = [start_run(house, f"head -c {size} /dev/zero | tr '\\0' x")["runId"] for size in sizes]
    silent = start_run(house, "true")["runId"]
    for run in [*runs, silent]:
        house.wait_for_run(run)
    house.api("PATCH", f"runs/{runs[2]}", {"pinned": True})
    found = measured(house)
    assert (found["output"]["runs"], found["output"]["bytes"]) == (7, sum(sizes))
    assert found["output"]["diskBytes"] >= sum(sizes)
    assert (found["pinned"]["runs"], found["pinned"]["bytes"]) == (1, 300)
    assert [(one["bytes"], one["run"]["runId"]) for one in found["largest"]] == [
        (70_000, runs[1]), (5000, runs[5]), (4000, runs[4]), (600, runs[6]), (300, runs[2])
    ]  # fmt: skip
    assert found["oldest"]["runId"] == runs[0]


def test_storage_when_asked_again_has_the_figures_of_before(house: House) -> None:
    first = measured(house)
    make_profile(house)
    house.wait_for_run(start_run(house, "echo x")["runId"])
    assert house.api("GET", "storage") == first


def test_storage_when_nobody_waits_answers_at_once(house: House) -> None:
    assert house.api("GET", "storage")["output"]["runs"] == 0
    until(lambda: house.api("GET", "storage")["measuredAt"])


def test_storage_counts_every_folder_that_output_was_kept_in(house: House) -> None:
    make_profile(house)
    house.wait_for_run(start_run(house, "echo here")["runId"])
    house.api("PATCH", "settings", {"logDirectory": str(house.folder / "elsewhere")})
    house.wait_for_run(start_run(house, "echo there")["runId"])
    assert measured(house)["output"]["runs"] == 2


def test_storage_when_wait_is_no_number_is_refused(house: House) -> None:
    assert "wait" in house.api("GET", "storage", expect=400, wait="long")["fields"]
