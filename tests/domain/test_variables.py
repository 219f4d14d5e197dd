"""Variables in prompts."""

from __future__ import annotations

import pytest

from airunner.base.errors import Invalid
from airunner.domain.variables import fill


def test_fill_when_given_then_each_place_once_and_values_are_not_read_again() -> None:
    values = {"A": "{{B}} $& \\1", "B": "b"}
    assert fill("x {{A}} {{ B }} {{A}} {{ }}", values) == "x {{B}} $& \\1 b {{B}} $& \\1 {{ }}"


def test_fill_when_nothing_is_given_then_the_text_stays() -> None:
    assert fill("{{A}} {{{{", {}) == "{{A}} {{{{"


def test_fill_when_the_text_has_no_such_variable_then_invalid_names_it() -> None:
    with pytest.raises(Invalid) as refused:
        fill("{{A}}", {"A": "1", "B": "2"})
    assert refused.value.fields == {"variables.B": "The prompt has no {{B}}."}
