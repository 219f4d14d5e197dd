"""The field kit: it collects every problem, says each in a sentence, and nothing but Invalid ever leaves it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airunner.base.errors import Invalid
from airunner.domain.fields import (
    ENV_BYTES,
    ENV_NAMES,
    MASK,
    SET_BY_US,
    Checker,
    check_choice,
    check_flag,
    check_name,
    check_number,
    check_path,
    check_text,
    check_variable,
    check_whole,
    said,
    shown_number,
)

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))  # lone surrogates, too: JSON can carry them
    | st.just(MASK)
    | st.builds(pow, st.just(10), st.just(5000)),  # more digits than Python writes out
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def problems_of(data: Any, read: Any) -> dict[str, str]:
    checker = Checker(data)
    read(checker)
    with pytest.raises(Invalid) as caught:
        checker.done()
    assert caught.value.fields == checker.problems
    return caught.value.fields


def why(data: Any, read: Any) -> str:
    [sentence] = problems_of(data, read).values()
    return sentence


@given(ANYTHING)
def test_checks_when_given_anything_then_only_invalid_is_raised_and_its_text_can_be_sent(value: Any) -> None:
    checks = [
        lambda: check_text("x", value, most=5),
        lambda: check_number("x", value, above=0, most=100),
        lambda: check_whole("x", value),
        lambda: check_flag("x", value),
        lambda: check_choice("x", value, ("a", "b")),
        lambda: check_path("x", value),
        lambda: check_name("x", value),
        lambda: check_variable("env.X", value),
    ]
    for check in checks:
        try:
            check()
        except Invalid as error:
            error.message.encode()
            assert error.message.startswith(("x ", "env.X "))


@given(ANYTHING)
def test_checker_when_given_anything_then_only_invalid_is_raised(value: Any) -> None:
    try:
        checker = Checker(value)
        data = value if isinstance(value, dict) else {}
        for name in list(data)[:1]:
            checker.mapping(name, {}, check_variable)
        checker.done()
    except Invalid as error:
        assert error.message
        assert all(isinstance(sentence, str) and sentence for sentence in error.fields.values())


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), ANYTHING))
def test_checker_when_fields_hold_anything_then_each_answer_has_its_type(data: dict[str, Any]) -> None:
    checker = Checker(data)
    assert isinstance(checker.text("a", "x"), str)
    assert isinstance(checker.number("b", 1.5), (int, float))
    assert isinstance(checker.whole("c", 1), int)
    assert isinstance(checker.flag("d", True), bool)
    assert checker.choice("e", "p", ("p", "q")) in ("p", "q")
    assert checker.path("f", "/").startswith("/")
    assert isinstance(checker.list_of("g", (), check_name), tuple)
    assert all(isinstance(item, str) for item in checker.env("h", {}).values())
    assert set(checker.problems) <= {name if "." not in name else "h" for name in data} | set(checker.problems)


@pytest.mark.parametrize("data", [None, [], "text", 5, True])
def test_checker_when_the_body_is_no_object_then_it_says_so(data: object) -> None:
    with pytest.raises(Invalid, match="The body must be a JSON object; it is "):
        Checker(data)


def test_done_when_several_fields_are_wrong_then_all_are_named() -> None:
    def read(checker: Checker) -> None:
        checker.text("name", "")
        checker.whole("rows", 40)

    found = problems_of({"name": 5, "rows": "x", "colour": 1}, read)
    assert found == {
        "name": "name must be text; it is 5.",
        "rows": 'rows must be a number; it is "x".',
        "colour": "unknown field",
    }


def test_done_when_read_only_fields_come_back_then_they_are_ignored() -> None:
    checker = Checker({"id": "x", "createdAt": 5, "updatedAt": None, "revision": "?"})
    checker.done()


def test_null_when_the_field_may_be_empty_then_it_is_empty_else_refused() -> None:
    checker = Checker({"icon": None, "name": None})
    assert checker.text("icon", None) is None
    checker.text("name", "old")
    assert checker.problems == {"name": "name must be text; it is null."}


def test_null_when_nulls_are_left_out_then_the_default_counts_but_an_unknown_name_does_not() -> None:
    checker = Checker({"name": None, "colour": None}, nulls_left_out=True)
    assert not checker.claim("name")
    assert checker.text("name", "old") == "old"
    with pytest.raises(Invalid) as caught:
        checker.done()
    assert caught.value.fields == {"colour": "unknown field"}


@pytest.mark.parametrize("value", [True, False, "5", None, [], {}])
def test_number_when_it_is_none_then_it_is_refused(value: object) -> None:
    assert "must be a number" in why({"n": value}, lambda checker: checker.number("n", 0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_number_when_not_finite_then_it_is_refused(value: float) -> None:
    assert why({"n": value}, lambda checker: checker.number("n", 0)) == "n must be a finite number."


def test_number_when_huge_then_it_is_refused_in_a_short_sentence() -> None:
    for value in (10**16, 1e300, -(10**16), 10**5000):
        assert len(why({"n": value}, lambda checker: checker.number("n", 0))) < 80


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (0, "timeout must be more than 0; it is 0."),
        (-0.5, "timeout must be more than 0; it is -0.5."),
        (10_081, "timeout must be at most 10080; it is 10081."),
    ],
)
def test_minutes_when_out_of_bounds_then_the_sentence_has_bound_and_value(value: float, sentence: str) -> None:
    assert why({"timeout": value}, lambda checker: checker.minutes("timeout", 30)) == sentence


@pytest.mark.parametrize("value", [0.05, 30, 10_080])
def test_minutes_when_within_a_week_then_they_are_taken(value: float) -> None:
    checker = Checker({"timeout": value})
    assert checker.minutes("timeout", 30) == value
    checker.done()


def test_whole_when_written_with_a_fraction_of_nothing_then_it_is_an_int() -> None:
    found = Checker({"n": 5.0}).whole("n", 0)
    assert (found, type(found)) == (5, int)
    assert why({"n": 5.5}, lambda checker: checker.whole("n", 0)) == "n must be a whole number; it is 5.5."


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "t must not be empty."),
        ("  ", "t must not be empty."),
        ("a\0b", "t must not contain a NUL character."),
        ("\ud800", "t must not contain half of a surrogate pair: it is no text that UTF-8 can carry."),
        ("a\nb", 't must be one line without control characters; it is "a\\nb".'),
        ("\u202e", 't must be one line without control characters; it is "\u202e".'),
        ("abcdef", "t must have at most 5 characters; it has 6."),
    ],
)
def test_text_when_it_breaks_a_rule_then_the_sentence_says_which(value: str, sentence: str) -> None:
    assert why({"t": value}, lambda checker: checker.text("t", "", most=5)) == sentence


def test_text_when_lines_are_allowed_then_it_is_kept_byte_for_byte() -> None:
    text = "  a\r\n\tb\x1b[0m \n"
    assert Checker({"t": text}).text("t", "", lines=True, trim=False) == text


def test_path_when_relative_then_the_sentence_names_it() -> None:
    sentence = 'd must be an absolute path, such as /srv/app; it is "src".'
    assert why({"d": "src"}, lambda checker: checker.path("d", None)) == sentence


@pytest.mark.parametrize(("given", "kept"), [("/srv/app/", "/srv/app"), ("/", "/"), ("//", "/"), ("/a b\n", "/a b\n")])
def test_path_when_absolute_then_only_slashes_at_the_end_go(given: str, kept: str) -> None:
    assert Checker({"d": given}).path("d", None) == kept


def test_path_when_its_bytes_are_too_many_then_it_is_refused() -> None:
    assert "at most 4,095 bytes" in why({"d": "/" + "ü" * 2050}, lambda checker: checker.path("d", None))


def test_env_when_merged_then_null_removes_the_mask_keeps_and_others_replace() -> None:
    checker = Checker({"env": {"A": "new", "B": None, "C": MASK, "D": "added", "GONE": None}})
    merged = checker.env("env", {"A": "old", "B": "b", "C": "secret", "E": "left out"})
    checker.done()
    assert merged == {"A": "new", "C": "secret", "D": "added", "E": "left out"}


def test_env_when_entries_are_wrong_then_each_has_its_own_problem() -> None:
    data = {"env": {"1A": "x", "B": 5, "C": MASK, "D": "a\0", "E-F": "x"}}
    found = problems_of(data, lambda checker: checker.env("env", {}))
    assert set(found) == {"env.1A", "env.B", "env.C", "env.D", "env.E-F"}
    assert found["env.B"] == "env.B must be text; it is 5."
    assert found["env.C"] == "env.C is masked, but no value is stored for it; give the value."


@pytest.mark.parametrize("value", ["x", "", MASK])
def test_env_when_a_name_is_set_by_us_then_any_value_for_it_is_refused_even_if_there_is_one(value: str) -> None:
    old = {name: "stored before" for name in SET_BY_US}
    for name in SET_BY_US:
        found = problems_of({"env": {name: value}}, lambda checker: checker.env("env", old))
        assert found == {f"env.{name}": f"{name} is set by airunner for every run; choose another name."}
    assert Checker({"env": dict.fromkeys(SET_BY_US)}).env("env", old) == {}
    assert Checker({"env": {"A": "b"}}).env("env", old) == {**old, "A": "b"}


def test_env_when_a_variable_is_longer_than_linux_takes_then_it_is_refused() -> None:
    exact = "x" * (ENV_BYTES - 2)
    checker = Checker({"env": {"A": exact}})
    assert checker.env("env", {}) == {"A": exact}
    checker.done()
    assert "128 KiB" in why({"env": {"A": exact + "x"}}, lambda checker: checker.env("env", {}))
    assert "128 KiB" in why({"env": {"A": "ü" * 66_000}}, lambda checker: checker.env("env", {}))


def test_env_when_there_are_too_many_names_then_it_is_refused() -> None:
    many = {f"V{number}": "x" for number in range(ENV_NAMES + 1)}
    assert "at most 500 entries" in why({"env": many}, lambda checker: checker.env("env", {}))


def test_mapping_when_keys_are_fixed_then_another_is_unknown() -> None:
    data = {"limits": {"cpu": 1}}
    found = problems_of(data, lambda checker: checker.mapping("limits", {}, check_whole, keys=("cpuSeconds",)))
    assert found == {"limits.cpu": "unknown field; limits has cpuSeconds."}


def test_list_when_items_repeat_then_they_are_kept_once_in_order() -> None:
    assert Checker({"l": ["B", "A", "B"]}).list_of("l", (), check_name) == ("B", "A")


@pytest.mark.parametrize("value", ["A", {"A": 1}, 5])
def test_list_when_it_is_none_then_it_is_refused(value: object) -> None:
    assert "must be a list" in why({"l": value}, lambda checker: checker.list_of("l", (), check_name))


def test_list_when_too_long_or_an_item_is_wrong_then_the_sentence_says_which() -> None:
    assert why({"l": []}, lambda checker: checker.list_of("l", (), check_name, least=1)).endswith("it has 0.")
    assert why({"l": ["A", 5]}, lambda checker: checker.list_of("l", (), check_name)).startswith("l[1] must be ")


def test_said_when_the_value_is_long_or_odd_then_it_is_short_and_clean() -> None:
    assert said("x" * 100) == json.dumps("x" * 39 + "…", ensure_ascii=False)
    assert said("\ud800") == '"\\ud800"'
    assert said([1]) == "a list"
    assert said({}) == "an object"
    assert said(None) == "null"
    assert said(True) == "true"
    assert said(10**30) == "a number of more than 20 digits"


@pytest.mark.parametrize(("number", "text"), [(30, "30"), (30.0, "30"), (0.05, "0.05"), (-2.5, "-2.5")])
def test_shown_number_when_whole_then_it_has_no_fraction(number: float, text: str) -> None:
    assert shown_number(number) == text
