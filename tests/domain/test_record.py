"""Records and documents: names, copies, JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest

from airunner.domain.record import camel, encode, from_doc, to_doc

MOMENT = datetime(2026, 3, 12, 14, 32, 10, 123000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sample:
    id: str
    created_at: datetime | None = None
    requires_tty: bool = field(default=True, metadata={"key": "requiresTTY"})
    env: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def test_record_when_made_a_document_and_back_then_it_is_equal() -> None:
    sample = Sample("a", MOMENT, False, {"A": "b"})
    assert to_doc(sample) == {"id": "a", "createdAt": MOMENT, "requiresTTY": False, "env": {"A": "b"}, "names": []}
    assert from_doc(Sample, {**to_doc(sample), "names": ()}).env == {"A": "b"}
    assert from_doc(Sample, to_doc(sample)).created_at == MOMENT


def test_from_doc_when_keys_are_unknown_or_missing_then_they_are_ignored_or_default() -> None:
    assert from_doc(Sample, {"id": "a", "newer": 1}) == Sample("a")
    with pytest.raises(TypeError):
        from_doc(Sample, {})


def test_document_when_changed_then_the_record_is_not() -> None:
    sample = Sample("a", env={"A": "b"})
    to_doc(sample)["env"]["A"] = "changed"
    assert sample.env == {"A": "b"}


def test_encode_when_times_and_text_of_all_kinds_then_it_is_json() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=2)))
    value = {"a": MOMENT, "b": elsewhere, "c": "ü🙂\ud800", "d": [1, 2.5, None, True], "e": {"y", "x"}}
    assert json.loads(encode(value)) == {
        "a": "2026-03-12T14:32:10.123Z",
        "b": "2026-03-12T14:32:10.123Z",
        "c": "ü🙂\ud800",
        "d": [1, 2.5, None, True],
        "e": ["x", "y"],
    }
    assert encode({"a": "ü"}) == '{"a":"ü"}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_encode_when_a_number_has_no_form_in_json_then_it_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode([value])


def test_encode_when_a_value_has_no_form_in_json_then_it_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        encode(object())


@pytest.mark.parametrize(
    ("name", "key"), [("id", "id"), ("created_at", "createdAt"), ("kill_grace_seconds", "killGraceSeconds")]
)
def test_camel_when_a_name_has_parts_then_they_are_joined(name: str, key: str) -> None:
    assert camel(name) == key
