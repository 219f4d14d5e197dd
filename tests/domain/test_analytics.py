"""The buckets of a range, and what counted runs say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from airunner.base.errors import Invalid
from airunner.domain.analytics import Span, figures

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)


def span(**params: str) -> Span:
    return Span.from_params({name.rstrip("_"): [value] for name, value in params.items()}, NOW, "Europe/Berlin")


def test_span_when_nothing_is_asked_then_it_is_the_last_thirty_days_of_the_zone() -> None:
    found = span()
    assert (found.step, found.timezone) == ("day", "Europe/Berlin")
    assert found.edges[0].astimezone(ZoneInfo("Europe/Berlin")) == datetime(
        2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin")
    )
    assert found.edges[-1] == NOW
    assert len(found.edges) == 31


def test_span_when_days_are_asked_for_then_today_is_the_last_of_them() -> None:
    assert len(span(days="7").edges) == 8
    assert span(days="1").edges[0] == NOW - timedelta(days=1)


def test_span_when_the_clocks_change_then_each_bucket_is_a_day_of_the_zone() -> None:
    edges = span(from_="2026-03-27T23:00:00Z").edges
    assert [last - first for first, last in zip(edges[:3], edges[1:4], strict=True)] == [
        timedelta(hours=24),
        timedelta(hours=23),
        timedelta(hours=24),
    ]


@pytest.mark.parametrize(
    ("begin", "step", "first"),
    [
        ("2026-03-31T15:10:00Z", "hour", None),
        ("2026-03-31T13:10:00Z", "hour", "2026-03-31T14:00:00+00:00"),
        ("2026-01-01T00:00:00Z", "day", "2026-01-01T23:00:00+00:00"),
        ("2025-10-01T12:00:00Z", "week", "2025-10-05T22:00:00+00:00"),
        ("2022-05-17T12:00:00Z", "month", "2022-05-31T22:00:00+00:00"),
    ],
)
def test_span_when_it_is_long_then_it_is_cut_into_weeks_and_months(begin: str, step: str, first: str | None) -> None:
    found = span(from_=begin)
    assert found.step == step
    assert found.edges[0].isoformat() == begin.replace("Z", "+00:00")
    assert (found.edges[1].isoformat() if len(found.edges) > 2 else None) == first
    assert list(found.edges) == sorted(set(found.edges))
    assert len(found.edges) < 110


def test_span_when_it_is_compared_then_what_was_before_is_as_long() -> None:
    begin, end = span(from_="2026-03-30T15:30:00Z").before()
    assert (begin.isoformat(), end.isoformat()) == ("2026-03-29T15:30:00+00:00", "2026-03-30T15:30:00+00:00")


def test_span_when_it_ends_in_the_future_then_it_ends_now() -> None:
    assert span(to="2027-01-01").edges[-1] == NOW


@pytest.mark.parametrize(
    "params",
    [
        {"from_": "2026-04-01"},
        {"from_": "2026-02-01", "to": "2026-01-01"},
        {"from_": "1990-01-01"},
        {"from_": "yesterday"},
        {"timezone": "Mars/Base"},
        {"until": "2026-01-01"},
    ],
)
def test_span_when_it_makes_no_sense_then_that_is_said(params: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        span(**params)


def test_figures_when_rows_are_put_together_then_rates_are_of_what_was_judged() -> None:
    rows = [
        {"statuses": {"completed": 3, "failed": 1, "queued": 1}, "seconds": 40.0, "timed": 4},
        {"statuses": {"timeout": 1, "killed": 5, "skipped": 2}, "seconds": 20.0, "timed": 6},
    ]
    found = figures(rows)
    assert (found["runs"], found["completed"], found["timeout"], found["active"]) == (13, 3, 1, 1)
    assert (found["successRate"], found["averageSeconds"], found["totalSeconds"]) == (0.6, 6.0, 60.0)
    assert figures([])["successRate"] is None and figures([])["averageSeconds"] is None
