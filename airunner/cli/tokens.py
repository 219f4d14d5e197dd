"""The word `token`: through the server when one runs, else directly on the store."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airunner.base.clock import SystemClock, from_iso, to_iso
from airunner.base.ids import Ids
from airunner.cli.client import Api, Unreachable, part, segment
from airunner.cli.text import local_time, note, print_json, print_table, zone_name
from airunner.config import Config

if TYPE_CHECKING:
    from airunner.api.keyring import Keyring


def act(arguments: Namespace, config: Config) -> int:
    """Do what the verb says."""
    try:
        with Api(config) as api:
            _through_server(arguments, api)
    except Unreachable:
        if config.url:
            raise  # the store of a server elsewhere is not ours to open
        with _keyring(config) as keyring:
            _on_store(arguments, keyring, config)
    return 0


def _through_server(arguments: Namespace, api: Api) -> None:
    if arguments.verb == "create":
        wish = {"name": arguments.name, "role": arguments.role}
        made = api.post("tokens", wish | ({"expiresInDays": arguments.days} if arguments.days else {}))
        _show_new(part(made, "id", str), part(made, "token", str))
    elif arguments.verb == "list":
        _show(api.get("tokens"), arguments.json)
    else:
        api.delete(f"tokens/{segment(arguments.id)}")
        print(f"token {arguments.id} revoked.")


def _on_store(arguments: Namespace, keyring: Keyring, config: Config) -> None:
    if arguments.verb == "create":
        token, doc = keyring.create(arguments.name, arguments.role, arguments.days)
        _show_new(doc["id"], token)
        note(f"no server answered; the token is in {config.data} and good for a server on that folder.")
    elif arguments.verb == "list":
        _show([_as_json(doc) for doc in keyring.lasting()], arguments.json)
    else:
        keyring.revoke(arguments.id)
        print(f"token {arguments.id} revoked.")


@contextmanager
def _keyring(config: Config) -> Iterator[Keyring]:
    from airunner.api.keyring import Keyring
    from airunner.base.files import make_private_folder
    from airunner.store.open import open_store

    make_private_folder(config.data)
    clock = SystemClock()
    store = open_store(config.store, data_folder=config.data, clock=clock)
    try:
        yield Keyring(store, clock, Ids(clock), fixed=(), no_auth=False)
    finally:
        store.close()


def _as_json(doc: dict[str, Any]) -> dict[str, Any]:
    return {name: to_iso(value) if isinstance(value, datetime) else value for name, value in doc.items()}


def _show_new(token_id: str, token: str) -> None:
    note(f"token {token_id} created; it is shown this once.")
    print(token)


def _show(tokens: Any, as_json: bool) -> None:
    if as_json:
        print_json(tokens)
        return
    heads = ("TOKEN", "ROLE", f"CREATED ({zone_name()})", f"ENDS ({zone_name()})", "NAME")
    rows = [
        (
            part(token, "id", str),
            token.get("role"),
            local_time(token.get("createdAt")),
            _ending(token.get("expiresAt")),
            token.get("name"),
        )
        for token in tokens
    ]
    print_table(heads, rows)


def _ending(iso: Any) -> str:
    if not iso:
        return "never"
    ended = from_iso(iso) <= SystemClock().now()
    return f"{local_time(iso)}{' (ended)' if ended else ''}"
