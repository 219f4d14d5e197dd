"""Variables of a prompt: `{{NAME}}` is replaced by a value, once; what a value holds is not looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airunner.base.errors import Invalid
from airunner.domain.fields import (
    Checker,
    check_name,
    check_number,
    check_text,
    listed,
    raise_problems,
    said,
    shown_number,
)
from airunner.domain.record import Doc

TYPES = ("string", "number", "boolean", "choice")
MOST = 50
VALUE_CHARACTERS = 8 * 1024**2
_MOST_CHOICES = 100
_CHOICE_CHARACTERS = 500
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a text has, in their order."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text that was written for one run with its variables filled in; without any values it is left as it is.

    Raises Invalid for a variable without a value (`{{ }}` in a text that came with values is meant), and for a value
    whose variable the text does not have.
    """
    return fill_declared(text, values, ()) if values else text


def fill_declared(text: str, values: Mapping[str, str], declared: Iterable[Doc]) -> str:
    """Return the text of a saved prompt with every variable filled in: by the given value, else by its default.

    One that is not declared is a string that is required. Raises Invalid that names each one that has no value or a
    wrong one, and each value that nobody asked for.
    """
    filled = _filled(names_in(text), values, declared)
    size = len(text) + sum(len(filled[found[1]]) - len(found[0]) for found in _VARIABLE.finditer(text))
    if size > VALUE_CHARACTERS:  # a few bytes of text could ask for terabytes
        why = f"With its variables the prompt would have {size:,} characters; it may have {VALUE_CHARACTERS:,}."
        raise Invalid(why, code="prompt_too_long", fields={"variables": why})
    return _VARIABLE.sub(lambda found: filled[found[1]], text)


def check_variables(text: str | None, values: Mapping[str, str], declared: Iterable[Doc]) -> None:
    """Raise Invalid as `fill_declared` would; of a text that is not known yet (None) what is declared is asked for."""
    if text is not None:
        fill_declared(text, values, declared)
        return
    known = list(declared)
    names = tuple(variable["name"] for variable in known)
    _filled(names, {name: value for name, value in values.items() if name in names}, known)


def declared_variables(checker: Checker, name: str, current: tuple[Doc, ...]) -> tuple[Doc, ...]:
    """Read a prompt's list of variables, each `{name, type, description, default, required, choices}`."""
    if not checker.claim(name):
        return current
    given = checker.take(name)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST:
        checker.refuse(name, f"{name} must be a list of at most {MOST} variables; it is {said(given)}.")
        return current
    found: dict[str, Doc] = {}
    for place, item in enumerate(given):
        try:
            variable = _declared(item, f"{name}[{place}]")
            if variable["name"] in found:
                raise Invalid("", fields={"name": f"there are two variables {variable['name']}."})
            found[variable["name"]] = variable
        except Invalid as problem:
            for key, why in (problem.fields or {"": problem.message}).items():
                checker.refuse(f"{name}[{place}]{'.' if key else ''}{key}", why)
    return tuple(found.values())


def check_value(label: str, value: object) -> str:
    """Return a variable's value as text: numbers, true and false as JSON writes them; raise Invalid."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shown_number(check_number(label, value))
    return check_text(label, value, most=VALUE_CHARACTERS, least=0, lines=True, trim=False)


_UNDECLARED: Doc = {"type": "string", "description": "", "default": None, "required": True, "choices": []}


def _declared(item: object, what: str) -> Doc:
    checker = Checker(item, read_only=(), what=what, nulls_left_out=True)
    choices = checker.list_of("choices", (), _choice, most=_MOST_CHOICES)
    variable: dict[str, Any] = {
        "name": checker.text("name", "", most=100),
        "type": checker.choice("type", "choice" if choices else "string", TYPES),
        "description": checker.text("description", "", most=500, least=0),
        "default": _default(checker),
        "required": checker.flag("required", True),
        "choices": list(choices),
    }
    if "name" not in checker.problems:
        try:
            check_name("name", variable["name"])
        except Invalid as problem:
            checker.refuse("name", problem.message)
    if (variable["type"] == "choice") != bool(choices):
        checker.refuse("choices", "choices are what a variable of type choice has, at least one.")
    elif variable["default"]:
        try:
            _check_type(variable, variable["default"])
        except Invalid as problem:
            checker.refuse("default", problem.message)
    checker.done()
    return variable


def _default(checker: Checker) -> str | None:
    if not checker.claim("default"):
        return None
    try:
        return check_value("default", checker.take("default"))
    except Invalid as problem:
        checker.refuse("default", problem.message)
        return None


def _choice(label: str, value: object) -> str:
    return check_text(label, check_value(label, value), most=_CHOICE_CHARACTERS)


def _filled(names: Sequence[str], values: Mapping[str, str], declared: Iterable[Doc]) -> dict[str, str]:
    """Return what stands for each of `names`; raise Invalid for what is missing, wrong, or of no use to anybody."""
    known = {variable["name"]: variable for variable in declared}
    problems = {
        f"variables.{name}": f"The prompt has no {{{{{name}}}}}."
        for name in values
        if name not in known and name not in names
    }
    filled = {}
    for name in names:
        try:
            filled[name] = _value(known.get(name) or {**_UNDECLARED, "name": name}, values.get(name))
        except Invalid as problem:
            problems[f"variables.{name}"] = problem.message
    raise_problems(problems)
    return filled


def _value(variable: Doc, given: str | None) -> str:
    """Return what stands for a variable; raise Invalid when it has no value, or one of another type."""
    value = variable["default"] if given is None else given
    if (
        not value
        and variable["required"]
        and not (given == "" and variable["default"] and variable["type"] == "string")
    ):
        about = f" ({variable['description']})" if variable["description"] else ""
        raise Invalid(f"The prompt needs a value for {{{{{variable['name']}}}}}{about}.")
    if value:
        _check_type(variable, value)
    return value or ""


def _check_type(variable: Doc, value: str) -> None:
    name, kind = variable["name"], variable["type"]
    if kind == "number" and not _NUMBER.match(value):
        raise Invalid(f"{name} must be a number; it is {said(value)}.")
    if kind == "boolean" and value not in ("true", "false"):
        raise Invalid(f"{name} must be true or false; it is {said(value)}.")
    if kind == "choice" and value not in variable["choices"]:
        raise Invalid(f"{name} must be one of {listed(variable['choices'])}; it is {said(value)}.")
