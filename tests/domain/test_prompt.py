"""Saved prompts: what is read, kept and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airunner.base.errors import Invalid
from airunner.domain.fields import READ_ONLY
from airunner.domain.prompt import Prompt, check_tag
from airunner.domain.record import Doc, from_doc, to_doc

NOW = datetime(2026, 3, 12, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LEAST: Doc = {"name": "Review", "content": "Look at {{WHAT}}", "agentProfileId": "a1"}
FULL: Doc = {
    **LEAST,
    "workingDirectory": "/srv/app",
    "timeout": 30,
    "tags": ["night", "code"],
    "variables": [{"name": "WHAT", "default": "all"}],
    "attachments": ["docs/plan.md", "/etc/hosts"],
}


def made(**fields: Any) -> Prompt:
    return Prompt.from_input({**LEAST, **fields}, id="p1", now=NOW, by="ann")


def full() -> Prompt:
    return made(**FULL)


def problems_of(**fields: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        made(**fields)
    return dict(refused.value.fields or {})


def test_new_when_only_what_is_needed_is_given_then_the_rest_has_defaults() -> None:
    assert made() == Prompt(
        id="p1", name="Review", content="Look at {{WHAT}}", agent_profile_id="a1",
        created_at=NOW, updated_at=NOW, created_by="ann", updated_by="ann",
    )  # fmt: skip
    nulls = {name: None for name in [*FULL, "type"] if name not in LEAST}
    assert made(**nulls) == made()


def test_new_when_all_is_given_then_all_is_kept() -> None:
    prompt = full()
    assert (prompt.working_directory, prompt.timeout, prompt.tags) == ("/srv/app", 30, ("night", "code"))
    assert prompt.attachments == ("docs/plan.md", "/etc/hosts")
    assert [variable["name"] for variable in prompt.variables] == ["WHAT"]
    assert from_doc(Prompt, to_doc(prompt)) == prompt
    assert prompt.public()["agentProfileId"] == "a1"


def test_new_when_needed_fields_are_missing_then_each_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        Prompt.from_input({"content": None}, id="p", now=NOW, by="")
    assert set(refused.value.fields or {}) == {"name", "content", "agentProfileId"}


@pytest.mark.parametrize("text", ["  x\n", "\tcode\n\n", "x" * 100_000, "{{ }} {{A", "🦦\x01"])
def test_content_when_it_is_text_then_it_is_kept_to_the_letter(text: str) -> None:
    assert made(content=text).content == text


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", " ", "must not be empty"),
        ("content", "", "must not be empty"),
        ("content", " \n", "must not be empty"),
        ("content", "a\0b", "NUL"),
        ("content", "\ud800", "surrogate"),
        ("content", "x" * (8 * 1024**2 + 1), "at most 8,388,608 characters"),
        ("type", "file", "one of inline, file-reference"),
        ("workingDirectory", "app", "absolute path"),
        ("timeout", 0, "more than 0"),
        ("timeout", "5", "must be a number"),
        ("tags", "night", "must be a list"),
        ("tags", ["a"] * 31, "0 to 30 items"),
        ("tags", ["a", "b,c"], "without a comma"),
        ("tags", [""], "must not be empty"),
        ("tags", ["x" * 51], "at most 50 characters"),
        ("attachments", ["x"] * 21, "0 to 20 items"),
        ("attachments", [""], "must not be empty"),
        ("attachments", ["a\0"], "NUL"),
        ("variables", "A", "a list of at most 50 variables"),
        ("variables", [{"name": "A"}] * 51, "a list of at most 50 variables"),
        ("colour", "red", "unknown field"),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_new_when_a_value_is_wrong_then_its_field_says_why(field: str, value: object, why: str) -> None:
    problems = problems_of(**{field: value})
    assert list(problems) == [field]
    assert why in problems[field]


def test_tags_when_doubled_or_with_blanks_then_they_are_one_each() -> None:
    assert made(tags=["a", " a ", "b", "a"]).tags == ("a", "b")
    assert check_tag("tag", " night ") == "night"


@pytest.mark.parametrize("path", ["@prompts/review.md", "prompts/review.md", "/srv/review.md", " @a b.md "])
def test_reference_when_it_names_a_file_then_it_is_kept(path: str) -> None:
    assert made(type="file-reference", content=path).content == path


@pytest.mark.parametrize("content", ["@", "@ ", "Look at\nthis", "x" * 5_000])
def test_reference_when_it_names_no_file_then_it_is_refused(content: str) -> None:
    assert "must name a file" in problems_of(type="file-reference", content=content)["content"]


def test_reference_when_only_the_type_is_changed_then_the_content_must_fit() -> None:
    with pytest.raises(Invalid, match="must name a file"):
        made(content="a\nb").merged({"type": "file-reference"}, LATER, "bob")
    assert made(content="a.md").merged({"type": "file-reference"}, LATER, "bob").type == "file-reference"
    assert made(content="a.md", type="file-reference").merged({"type": "inline"}, LATER, "bob").type == "inline"


def test_merge_when_fields_are_left_out_then_they_stay() -> None:
    before = full()
    assert before.merged({}, LATER, "bob") == replace(before, updated_at=LATER, updated_by="bob")
    after = before.merged({"name": "Other"}, LATER, "bob")
    assert after == replace(before, name="Other", updated_at=LATER, updated_by="bob")


def test_merge_when_null_is_given_then_what_can_be_empty_is_emptied() -> None:
    after = full().merged({"workingDirectory": None, "timeout": None, "variables": None}, LATER, "bob")
    assert (after.working_directory, after.timeout, after.variables) == (None, None, ())
    assert full().merged({"tags": [], "attachments": []}, LATER, "bob").tags == ()
    for name in ("name", "content", "type", "agentProfileId", "tags", "attachments"):
        with pytest.raises(Invalid) as refused:
            full().merged({name: None}, LATER, "bob")
        assert list(refused.value.fields or {}) == [name]


def test_merge_when_a_value_is_wrong_then_all_of_it_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        full().merged({"content": " ", "timeout": -1, "variables": [{"name": "1"}], "x": 1}, LATER, "bob")
    assert set(refused.value.fields or {}) == {"content", "timeout", "variables[0].name", "x"}


def test_read_only_fields_when_given_then_they_are_ignored() -> None:
    given = {name: "made up" for name in READ_ONLY}
    assert made(**given) == made()
    assert full().merged({**full().public(), **given}, NOW, "ann") == full()


def test_tagged_when_tags_are_added_or_removed_then_the_others_stay() -> None:
    added = full().tagged(["new", "night"], LATER, "bob")
    assert set(added.tags) == {"night", "code", "new"} and len(added.tags) == 3
    assert (added.updated_at, added.updated_by) == (LATER, "bob")
    assert full().tagged(["night", "unknown"], LATER, "bob", remove=True).tags == ("code",)
    with pytest.raises(Invalid, match="0 to 30 items"):
        full().tagged([f"t{number}" for number in range(29)], LATER, "bob")
