"""What the way of a prompt asks of its template."""

from __future__ import annotations

import pytest

from airunner.domain.delivery import errors_of, warnings_of
from airunner.domain.template import read


def codes(template: str, via: str | None) -> list[str]:
    return [error.code for error in errors_of(template, read(template), via)]


@pytest.mark.parametrize(
    ("template", "fits"),
    [
        ('x "$PROMPT"', {None, "argument", "stdin"}),
        ('x "$PROMPT_FILE"', {None, "file", "stdin"}),
        ('x "$PROMPT" "$PROMPT_FILE"', {None, "argument", "file", "stdin"}),
        ('x "$WORKING_DIR"', {"stdin"}),
        ("x", {"stdin"}),
    ],
)
def test_way_when_the_template_has_what_it_needs_then_it_fits(template: str, fits: set[str | None]) -> None:
    for via in (None, "argument", "file", "stdin"):
        assert codes(template, via) == ([] if via in fits else ["missing_prompt"])


@pytest.mark.parametrize("via", [None, "argument", "file", "stdin"])
def test_way_when_the_template_is_broken_then_that_is_said_all_the_same(via: str | None) -> None:
    template = 'x "$PROMPT" "$PROMPT_FILE'
    assert codes(template, via) == [error.code for error in read(template).errors if error.code != "missing_prompt"]
    assert codes(template, via)


@pytest.mark.parametrize("via", ["argument", "file"])
def test_way_when_the_placeholder_itself_is_refused_then_one_error_is_enough(via: str) -> None:
    template = 'python3 -c "print(\\"$PROMPT\\")"'
    assert codes(template, via) == codes(template, None)
    assert "missing_prompt" not in codes(template, None)


@pytest.mark.parametrize(
    ("template", "is_shared"),
    [
        ('su - agent -c "x < \\"$PROMPT_FILE\\""', True),
        ('sudo -u agent x "$PROMPT_FILE"', True),
        ('sudo -u agent x "$PROMPT"', False),
        ('x "$PROMPT_FILE"', False),
    ],
)
def test_file_when_a_user_whom_nobody_named_must_read_it_then_a_warning_says_who_can(
    template: str, is_shared: bool
) -> None:
    found = warnings_of(read(template))
    assert [(warning.code, template[warning.start : warning.end]) for warning in found] == (
        [("prompt_file_shared", "$PROMPT_FILE")] if is_shared else []
    )
