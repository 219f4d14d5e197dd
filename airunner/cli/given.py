"""What the options of `create` and `change` ask for, as fields of a draft."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from airunner.base.errors import Invalid
from airunner.cli.runs import directory


def given(arguments: Namespace, fields: Mapping[str, str], clearable: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields (option -> field) that options were given for; an empty value takes a clearable one away."""
    found = {name: getattr(arguments, option) for option, name in {**fields, **clearable}.items()}
    found = {name: value for name, value in found.items() if value is not None}
    found |= {name: None for name in clearable.values() if found.get(name) == ""}
    if found.get("workingDirectory"):
        found["workingDirectory"] = directory(found["workingDirectory"])
    return found


def some(fields: dict[str, Any], example: str) -> dict[str, Any]:
    """Return the fields of a change; raise Invalid when there is none."""
    if not fields:
        raise Invalid(f"Nothing is to be changed: give an option, such as {example}.")
    return fields
