"""Run queries: what a URL may ask for, and the cursor that comes back."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.base.errors import Invalid
from airunner.domain.query import SORTS, RunQuery, SortKey, milliseconds, sort_key, text_key
from airunner.domain.run import new_run

NOW = datetime(2026, 3, 12, 14, 32, 10, 123000, tzinfo=UTC)
RUN = new_run(runId="r1", queuedAt=NOW, promptName="Straße", status="failed", durationSeconds=1.5, exitCode=2)


def query(**params: str | list[str]) -> RunQuery:
    return RunQuery.from_params({name: [value] if isinstance(value, str) else value for name, value in params.items()})


def test_query_when_nothing_is_asked_then_it_is_the_newest_fifty() -> None:
    assert query() == RunQuery(sort="queuedAt", descending=True, limit=50)


def test_query_when_everything_is_asked_then_it_is_read() -> None:
    found = RunQuery.from_params(
        {
            "status": ["failed,killed", "failed"], "triggeredBy": ["manual"], "agentProfileId": ["p"], "promptId": ["q"],
            "scheduleId": ["s"], "workingDirectory": ["/srv/"], "from": ["2026-03-01"], "to": ["2026-03-12"],
            "search": [" 100% (sure) "], "sort": ["-durationSeconds"], "limit": ["20"], "offset": ["40"], "pinned": ["true"],
        }
    )  # fmt: skip
    assert found == RunQuery(
        status=("failed", "killed"), triggered_by=("manual",), agent_profile_id="p", prompt_id="q", schedule_id="s",
        working_directory="/srv", after=datetime(2026, 3, 1, tzinfo=UTC),
        before=datetime(2026, 3, 12, 23, 59, 59, 999000, tzinfo=UTC), search="100% (sure)",
        sort="durationSeconds", descending=True, limit=20, offset=40, pinned=True,
    )  # fmt: skip


def test_limit_when_over_the_most_then_it_is_clamped() -> None:
    assert query(limit="5000").limit == 200


def test_search_when_blank_then_there_is_none() -> None:
    assert query(search="  ").search is None


def test_to_when_it_has_a_time_then_it_is_that_time() -> None:
    assert query(to="2026-03-12T00:00:00Z").before == datetime(2026, 3, 12, tzinfo=UTC)


def test_to_when_it_is_the_last_day_there_is_then_it_ends_with_it() -> None:
    assert query(to="9999-12-31").before == datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("statuses", "failed", "statuses: unknown parameter"),
        ("status", "done", 'status must be one of queued, running, completed, failed, timeout, killed, skipped; it is "done".'),
        ("status", "", 'status must be one of queued, running, completed, failed, timeout, killed, skipped; it is "".'),
        ("pinned", "yes", 'pinned must be true or false; it is "yes".'),
        ("limit", "0", 'limit must be a whole number from 1; it is "0".'),
        ("limit", "-5", 'limit must be a whole number from 1; it is "-5".'),
        ("limit", "ten", 'limit must be a whole number from 1; it is "ten".'),
        ("limit", "٣", 'limit must be a whole number from 1; it is "٣".'),
        ("limit", "9" * 5000, None),
        ("offset", "100001", 'offset must be a whole number from 0 to 100000; it is "100001".'),
        ("from", "yesterday", 'from must be a time in ISO 8601, such as 2026-03-12T14:32:10Z; it is "yesterday".'),
        ("from", "2026-02-30", None),
        ("from", "0001-01-01T00:00+14:00", None),
        ("sort", "colour", None),
        ("sort", "--status", None),
        ("sort", "", None),
        ("search", "a\0", "search must not contain a NUL character."),
        ("search", "x" * 201, "search must have at most 200 characters; it has 201."),
        ("workingDirectory", "\ud800", None),
        ("promptId", "", "promptId must not be empty."),
        ("cursor", "", None),
    ],
)  # fmt: skip
def test_query_when_a_value_is_malformed_then_it_is_refused(name: str, value: str, sentence: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        query(**{name: value})
    assert set(caught.value.fields) == {name}
    assert sentence is None or caught.value.message == sentence


def test_query_when_several_values_are_wrong_then_all_are_named() -> None:
    with pytest.raises(Invalid) as caught:
        query(limit="x", sort="y", colour="z")
    assert set(caught.value.fields) == {"limit", "sort", "colour"}


def test_query_when_a_single_value_is_repeated_then_it_is_refused() -> None:
    with pytest.raises(Invalid, match="limit must be given once; it is there 2 times"):
        query(limit=["1", "2"])


def test_query_when_values_exclude_each_other_then_it_is_refused() -> None:
    with pytest.raises(Invalid, match="offset and cursor exclude each other"):
        query(offset="5", cursor=query().cursor_after(RUN))
    with pytest.raises(Invalid, match="to must not be before from"):
        query(**{"from": "2026-03-12", "to": "2026-03-11"})


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
def test_cursor_when_it_comes_back_then_it_is_the_place_of_the_run(sort: str) -> None:
    cursor = query(sort=sort).cursor_after(RUN)
    assert query(sort=sort, cursor=cursor).cursor == sort_key(RUN, sort.removeprefix("-"))


def test_cursor_when_of_another_order_then_it_is_refused() -> None:
    cursor = query(sort="status").cursor_after(RUN)
    for sort in ("-status", "queuedAt"):
        with pytest.raises(Invalid, match="cursor belongs to another sort order"):
            query(sort=sort, cursor=cursor)


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD_PLACES = [
    [], {}, "x", 5, None, ["-queuedAt"], ["-queuedAt", 1, 2, 3], ["-queuedAt", "1", 2, "r"], ["-queuedAt", 1, 2.5, []],
    ["-queuedAt", True, 2, "r"], ["-queuedAt", 1, None, "r"], ["-queuedAt", 1e300, 1, "r"], ["-queuedAt", 2**70, 1, "r"],
    ["-queuedAt", 1, 1, "\0"], ["-queuedAt", 1, 1, "\ud800"], ["-queuedAt", 1, 1, "r" * 9999], [["-queuedAt"], 1, 1, "r"],
]  # fmt: skip


@pytest.mark.parametrize(
    "cursor", ["%%%", "ü", "a", "a b", "=", "[" * 150_000, *map(packed, BAD_PLACES), packed("[" * 9)]
)
def test_cursor_when_it_is_none_of_ours_then_it_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        query(cursor=cursor)
    assert set(caught.value.fields) == {"cursor"}


@given(st.dictionaries(st.sampled_from(["status", "limit", "from", "to", "sort", "cursor", "search", "x"]) | st.text(), st.lists(st.text(st.characters(codec=None)), max_size=3)))  # fmt: skip
def test_query_when_given_anything_then_only_invalid_is_raised(params: dict[str, list[str]]) -> None:
    try:
        RunQuery.from_params(params)
    except Invalid as error:
        assert error.fields


@given(st.binary(), st.sampled_from(sorted(SORTS)))
def test_cursor_when_made_of_anything_then_only_invalid_is_raised(data: bytes, sort: str) -> None:
    try:
        query(sort=sort, cursor=base64.urlsafe_b64encode(data).decode())
    except Invalid as error:
        assert set(error.fields) == {"cursor"}


def test_sort_key_when_a_field_is_empty_then_it_comes_first() -> None:
    empty = new_run(runId="r2", queuedAt=NOW)
    for field in ("promptName", "durationSeconds", "exitCode", "startedAt", "agentProfileName"):
        assert sort_key(empty, field) < sort_key({**RUN, "startedAt": NOW, "agentProfileName": "a"}, field)


def test_sort_key_when_values_are_level_then_time_and_id_decide() -> None:
    later = {**RUN, "queuedAt": NOW + timedelta(milliseconds=1), "runId": "a"}
    assert sort_key(RUN, "status") < sort_key(later, "status")
    assert sort_key(RUN, "status") < sort_key({**RUN, "runId": "r2"}, "status")
    assert sort_key(RUN, "queuedAt") == SortKey(milliseconds(NOW), milliseconds(NOW), "r1")


def test_text_key_when_the_case_differs_then_it_is_the_same() -> None:
    assert text_key("STRASSE") == text_key("Straße")
    assert len(text_key("x" * 500)) == 100
