"""Which prompt or schedule a person means: an id, a unique beginning of one, or an exact name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airunner.base.errors import NotFound
from airunner.cli.client import Api, part
from airunner.cli.text import plain

_MOST_NAMED = 5


def find(api: Api, kind: str, name: str) -> Any:
    """Return the one that is meant, as lists show it; `kind` is `prompts` or `schedules`. Raise NotFound."""
    return _pick(api.get(kind), kind, name)


def find_all(api: Api, kind: str, names: Iterable[str]) -> list[Any]:
    """Return all that are meant, each once; raise NotFound."""
    known = api.get(kind)
    return list({str(found["id"]): found for found in (_pick(known, kind, name) for name in names)}.values())


def ids_of(found: Iterable[Any]) -> list[str]:
    """Return their ids."""
    return [str(part(one, "id", str)) for one in found]


def _pick(known: list[Any], kind: str, name: str) -> Any:
    """An id goes before a name and a name before a beginning, so that no new id can take a name's place."""
    beginning = name.lower()
    for found in (
        [one for one in known if part(one, "id", str) == beginning],
        [one for one in known if one.get("name") == name],
        [one for one in known if beginning and one["id"].startswith(beginning)],
    ):
        if len(found) > 1:
            raise NotFound(f"Several {kind} are meant by {name!r}; name one by its id: {_listed(found)}")
        if found:
            return found[0]
    raise NotFound(f"There is no {kind.removesuffix('s')} {name!r}: name an id, a unique beginning of one, or a name.")


def _listed(found: list[Any]) -> str:
    shown = [f"{one['id']} ({plain(one.get('name'))})" for one in found[:_MOST_NAMED]]
    return ", ".join(shown) + (" …" if len(found) > _MOST_NAMED else "")
