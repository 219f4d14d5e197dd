"""The text form of documents: what goes in comes out, times as times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.base.clock import cut_to_ms
from airunner.store import codec

moments = st.datetimes(timezones=st.just(UTC)).map(cut_to_ms)
text = st.text(st.characters(codec=None))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | text | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text.filter(lambda key: "\0" not in key), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(text.filter(lambda key: "\0" not in key), values, max_size=4))
def test_document_when_written_and_read_then_it_is_equal(doc: dict[str, object]) -> None:
    assert codec.read(codec.write(doc)) == doc
    assert codec.write(doc).isascii()


def test_time_when_of_another_zone_then_it_is_the_same_moment_in_utc() -> None:
    moment = datetime(2026, 3, 12, 16, 0, tzinfo=timezone(timedelta(hours=2)))
    assert codec.copy({"at": moment})["at"] == moment
    assert codec.copy({"at": moment})["at"].tzinfo is UTC


@pytest.mark.parametrize("value", [datetime(2026, 3, 12), b"bytes", object()])
def test_document_when_it_holds_what_none_may_hold_then_it_is_a_fault(value: object) -> None:
    with pytest.raises(TypeError, match="a document cannot hold"):
        codec.write({"a": value})
