"""Templates of any kind: reading never raises, never hangs, and says where things are."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airunner.domain.profile import TEMPLATE_CHARACTERS
from airunner.domain.template import read, rewrite


@pytest.mark.parametrize("opener", ['"$(', "$(", "(", "${a:-", "((", "$((", "{ ", "case x in a) ", "a=(", "<("])
def test_deep_nesting_is_an_error_and_takes_no_time(opener: str) -> None:
    started = time.monotonic()
    reading = read(opener * 20_000 + "x $PROMPT")
    assert reading.errors
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "piece",
    [
        "$PROMPT ",
        "'$PROMPT' ",
        "\\",
        "(",
        ")",
        "`",
        '"',
        "{ ",
        "}; ",
        "a&",
        "a|",
        "<<E ",
        "\n",
        "$((",
        "))",
        "#",
        "a=(",
        "f() ",
        "x" * 9,
        "$",
        "rm -rf / ;",
        "eval ",
        "env ",
        "sudo sh ",
        "sh|",
        "x|cat ",
        "ssh h ",
        "su - u -c ",
        "python -c ",
        "set -- $PROMPT;",
        "eval '",
        "p=$PROMPT;",
    ],
)
def test_long_templates_take_time_linear_in_their_length(piece: str) -> None:
    started = time.monotonic()
    read(piece * (TEMPLATE_CHARACTERS // len(piece)))
    assert time.monotonic() - started < 8


def test_nested_quotes_that_double_at_each_level_end_in_an_error_soon() -> None:
    for shells in (7, 9, 20, 40, 400):
        template = "eval " * shells + 'x "$PROMPT"'
        started = time.monotonic()
        reading = read(template)
        assert time.monotonic() - started < 2
        assert ("too_deep" in [error.code for error in reading.errors]) == (shells > 8)


def test_a_prompt_is_carried_through_three_shells_and_no_more() -> None:
    assert read("su a <<E\nsu b <<F\nsu c <<G\nx $PROMPT\nG\nF\nE\n").errors == ()
    four = read("su a <<E\nsu b <<F\nsu c <<G\nsu d <<H\nx $PROMPT\nH\nG\nF\nE\n")
    assert [error.code for error in four.errors] == ["too_deep"]


SHELL = st.sampled_from(
    [
        "$PROMPT",
        "${PROMPT}",
        "'",
        '"',
        "\\",
        "`",
        "$(",
        "$((",
        "))",
        ")",
        "(",
        "{ ",
        "; }",
        ";",
        ";;",
        "&",
        "\n",
        "<<E\n",
        "E\n",
        "<<'E'\n",
        " ",
        "#",
        "case x in ",
        "esac",
        "if ",
        "fi",
        "do ",
        "done",
        "x",
        "bash -c ",
        "eval ",
        "su - u -c ",
        "${",
        "}",
        ":-",
        "<(",
        ">",
        "a=(",
        "[[ ",
        "]]",
        "$'",
        "!",
        "f() ",
        "rm -rf /",
        "\xe9",
        "\x00",
        "\ufffc",
        "|",
        "||",
        "|&",
        "sudo ",
        "A=1 ",
    ]
)


@settings(max_examples=500)
@given(st.lists(SHELL, max_size=30).map("".join) | st.text(max_size=60))
@example("\\")
@example("$")
@example("${#")
@example("<<")
def test_reading_anything_never_raises_and_places_lie_inside(template: str) -> None:
    reading = read(template)
    for found in (*reading.placeholders, *reading.errors, *reading.warnings, *reading.dangers):
        assert 0 <= found.start <= found.end <= len(template)
    for placeholder in reading.placeholders:
        assert placeholder.name in template[placeholder.start : placeholder.end].replace("\\", "")
    if not reading.errors and not reading.carried:
        assert not read(rewrite(template)).errors
