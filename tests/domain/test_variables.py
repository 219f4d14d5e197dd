"""Variables in prompts: how they are found, declared, checked and filled in."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from airunner.base.errors import Invalid
from airunner.domain.fields import Checker
from airunner.domain.record import Doc
from airunner.domain.variables import (
    MOST,
    VALUE_CHARACTERS,
    check_value,
    check_variables,
    declared_variables,
    fill,
    fill_declared,
    names_in,
)


def declared(*items: Any) -> tuple[Doc, ...]:
    """Variables as a prompt has them after they were read."""
    checker = Checker({"variables": list(items)})
    found = declared_variables(checker, "variables", ())
    checker.done()
    return found


def problems_of(*items: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        declared(*items)
    return dict(refused.value.fields or {})


def refused_values(text: str, values: dict[str, str], *items: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        fill_declared(text, values, declared(*items))
    return dict(refused.value.fields or {})


def test_fill_when_given_then_each_place_once_and_values_are_not_read_again() -> None:
    values = {"A": "{{B}} $& \\1", "B": "b"}
    assert fill("x {{A}} {{ B }} {{A}} {{ }}", values) == "x {{B}} $& \\1 b {{B}} $& \\1 {{ }}"


def test_fill_when_nothing_is_given_then_the_text_stays() -> None:
    assert fill("{{A}} {{{{", {}) == "{{A}} {{{{"


def test_fill_when_the_text_has_no_such_variable_then_invalid_names_it() -> None:
    with pytest.raises(Invalid) as refused:
        fill("{{A}}", {"A": "1", "B": "2"})
    assert refused.value.fields == {"variables.B": "The prompt has no {{B}}."}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("{{B}} {{A}} {{ B }}", ("B", "A")),
        ("{{\n_a1\t}}", ("_a1",)),
        ("{{{A}}}", ("A",)),
        ("{{{{A}}}}", ("A",)),
        ("{{1A}} {{A-B}} {{A B}} {{}} {A} {{A} {{Ä}} {{A.b}}", ()),
        ("{{A}}{{a}}", ("A", "a")),
    ],
)
def test_names_when_a_text_is_searched_then_each_is_named_once_in_order(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize("piece", ["{{", "{{ ", "{{A", "{{A ", "}}", "{{ A }} ", "{{" + " " * 500])
def test_names_when_a_text_is_long_and_odd_then_it_is_read_fast(piece: str) -> None:
    began = time.process_time()
    names_in(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 2


def test_fill_declared_when_values_are_missing_then_each_is_named_with_what_it_is_for() -> None:
    problems = refused_values(
        "{{A}} {{B}} {{C}}", {"D": "1"}, {"name": "A", "description": "the branch"}, {"name": "B", "default": "b"}
    )
    assert problems == {
        "variables.D": "The prompt has no {{D}}.",
        "variables.A": "The prompt needs a value for {{A}} (the branch).",
        "variables.C": "The prompt needs a value for {{C}}.",
    }


def test_fill_declared_when_there_are_defaults_then_a_value_goes_first() -> None:
    variables = declared({"name": "A", "default": "a"}, {"name": "B", "required": False}, {"name": "C", "default": 5})
    assert fill_declared("{{A}}-{{B}}-{{C}}", {}, variables) == "a--5"
    assert fill_declared("{{A}}-{{B}}-{{C}}", {"A": "x", "B": "y", "C": "z"}, variables) == "x-y-z"
    assert fill_declared("{{A}}-{{B}}-{{C}}", {"A": ""}, variables) == "--5"


def test_fill_declared_when_an_empty_value_is_given_then_it_is_none_for_what_is_required() -> None:
    assert set(refused_values("{{A}} {{B}}", {"A": "", "B": ""}, {"name": "A"})) == {"variables.A", "variables.B"}
    assert fill_declared("<{{A}}>", {"A": ""}, declared({"name": "A", "required": False})) == "<>"


def test_fill_declared_when_the_text_does_not_have_it_then_it_may_be_given_and_need_not() -> None:
    assert fill_declared("x", {"A": "1"}, declared({"name": "A"})) == "x"
    assert fill_declared("x", {}, declared({"name": "A"})) == "x"


def test_fill_declared_when_values_and_defaults_hold_variables_then_they_are_not_read_again() -> None:
    variables = declared({"name": "A", "default": "{{B}}"})
    assert fill_declared("{{A}} {{B}}", {"B": "{{A}}"}, variables) == "{{B}} {{A}}"


@pytest.mark.parametrize(
    ("variable", "good", "bad"),
    [
        ({"type": "number"}, ["0", "-1.5", "+3", ".5", "5.", "1e-3"], ["x", "1,5", "0x1", "NaN", "1 ", "١", "5\n", "--1", "."]),
        ({"type": "boolean"}, ["true", "false"], ["True", "yes", "1", " true"]),
        ({"choices": ["a", "b c", 5]}, ["a", "b c", "5"], ["A", "d", "a, b c"]),
        ({"type": "string"}, ["x", "5", " ", "a\nb"], []),
    ],
)  # fmt: skip
def test_fill_declared_when_a_type_is_declared_then_values_must_be_of_it(
    variable: Doc, good: list[str], bad: list[str]
) -> None:
    variables = declared({"name": "A", **variable})
    for value in good:
        assert fill_declared("{{A}}", {"A": value}, variables) == value
    for value in bad:
        with pytest.raises(Invalid, match=r"A must be (a number|true or false|one of a, b c, 5); it is"):
            fill_declared("{{A}}", {"A": value}, variables)


def test_check_variables_when_the_text_is_not_known_then_only_what_is_declared_is_asked_for() -> None:
    variables = declared({"name": "A"}, {"name": "N", "type": "number", "default": 1})
    check_variables(None, {"A": "1", "FROM_THE_FILE": "x"}, variables)
    with pytest.raises(Invalid) as refused:
        check_variables(None, {"N": "x"}, variables)
    assert set(refused.value.fields or {}) == {"variables.A", "variables.N"}
    with pytest.raises(Invalid, match="no {{FROM_THE_FILE}}"):
        check_variables("{{A}}", {"A": "1", "FROM_THE_FILE": "x"}, variables)


def test_declared_when_only_a_name_is_given_then_it_is_a_text_that_is_required() -> None:
    assert declared({"name": "A"}) == (
        {"name": "A", "type": "string", "description": "", "default": None, "required": True, "choices": []},
    )
    nulls = dict.fromkeys(["type", "description", "default", "required", "choices"])
    assert declared({"name": "A", **nulls}) == declared({"name": "A"})


def test_declared_when_it_has_choices_then_its_type_is_choice() -> None:
    (variable,) = declared({"name": "A", "choices": ["x", 5, True, "x"]})
    assert (variable["type"], variable["choices"]) == ("choice", ["x", "5", "true"])


@pytest.mark.parametrize(
    ("given", "stored"), [(5, "5"), (-0.5, "-0.5"), (True, "true"), (False, "false"), ("", ""), (" x\n", " x\n")]
)
def test_default_when_it_is_json_then_it_is_kept_as_text(given: object, stored: str) -> None:
    assert declared({"name": "A", "default": given})[0]["default"] == stored


@pytest.mark.parametrize(
    ("item", "field", "why"),
    [
        ("A", "variables[0]", "must be a JSON object"),
        ({}, "variables[0].name", "must be a variable's name"),
        ({"name": "1A"}, "variables[0].name", "must be a variable's name"),
        ({"name": "A-B"}, "variables[0].name", "must be a variable's name"),
        ({"name": "Ä"}, "variables[0].name", "must be a variable's name"),
        ({"name": 5}, "variables[0].name", "must be text"),
        ({"name": "A", "type": "text"}, "variables[0].type", "one of string, number, boolean, choice"),
        ({"name": "A", "type": "choice"}, "variables[0].choices", "at least one"),
        ({"name": "A", "type": "choice", "choices": []}, "variables[0].choices", "at least one"),
        ({"name": "A", "type": "string", "choices": ["x"]}, "variables[0].choices", "of type choice"),
        ({"name": "A", "choices": ["x"] * 101}, "variables[0].choices", "0 to 100 items"),
        ({"name": "A", "choices": [""]}, "variables[0].choices", "must not be empty"),
        ({"name": "A", "choices": ["x" * 501]}, "variables[0].choices", "at most 500 characters"),
        ({"name": "A", "type": "number", "default": "x"}, "variables[0].default", "must be a number"),
        ({"name": "A", "type": "boolean", "default": 1}, "variables[0].default", "true or false"),
        ({"name": "A", "choices": ["x"], "default": "y"}, "variables[0].default", "one of x"),
        ({"name": "A", "required": "yes"}, "variables[0].required", "true or false"),
        ({"name": "A", "description": "x" * 501}, "variables[0].description", "at most 500 characters"),
        ({"name": "A", "colour": "red"}, "variables[0].colour", "unknown field"),
    ],
)  # fmt: skip
def test_declared_when_it_is_wrong_then_its_place_says_why(item: object, field: str, why: str) -> None:
    problems = problems_of(item)
    assert field in problems
    assert why in problems[field]


@pytest.mark.parametrize("default", [[1], {"a": 1}, "a\0b", "\ud800", math.nan, math.inf])
def test_default_when_it_is_no_value_then_its_field_is_named(default: object) -> None:
    assert list(problems_of({"name": "A", "default": default})) == ["variables[0].default"]


def test_declared_when_a_name_comes_twice_then_the_second_is_refused() -> None:
    assert problems_of({"name": "A"}, {"name": "a"}, {"name": "A"}) == {
        "variables[2].name": "there are two variables A."
    }


def test_declared_when_several_are_wrong_then_each_is_named() -> None:
    assert set(problems_of({"name": "1"}, {"name": "B"}, {"name": "C", "type": "x"}, 5)) == {
        "variables[0].name", "variables[2].type", "variables[3]"
    }  # fmt: skip
    with pytest.raises(Invalid, match=f"at most {MOST}"):
        declared(*({"name": f"A{number}"} for number in range(MOST + 1)))
    assert len(declared(*({"name": f"A{number}"} for number in range(MOST)))) == MOST


def test_check_value_when_it_is_json_then_it_becomes_text() -> None:
    assert [check_value("v", value) for value in (True, 5, -1.25, "a\n", "")] == ["true", "5", "-1.25", "a\n", ""]
    wrong: object
    for wrong in (None, [], {}, "a\0", "x" * (VALUE_CHARACTERS + 1), math.nan, math.inf, 10**16, 10**5000):
        with pytest.raises(Invalid, match="^v must"):
            check_value("v", wrong)


def test_fill_when_few_letters_would_become_very_many_then_invalid_before_any_is_made() -> None:
    with pytest.raises(Invalid) as refused:
        fill("{{A}}" * 100_000, {"A": "x" * 2**20})
    assert refused.value.code == "prompt_too_long"
