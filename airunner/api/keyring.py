"""Who holds which token: lasting ones, sessions, the one-time code of the login link, and the local token."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from airunner.base.clock import Clock
from airunner.base.errors import NotFound, Unauthorised
from airunner.base.ids import Ids
from airunner.domain.record import Doc
from airunner.server.auth import Identity, Throttle, hash_token, new_token, read_credentials
from airunner.server.wire import Request
from airunner.store.contract import Store

SESSION_DAYS = 30
_CODE_MINUTES = 10


class _Key(NamedTuple):
    identity: Identity
    expires: datetime | None
    session: bool = False
    parent: str | None = None


class Keyring:
    """All valid tokens by their hash, kept in step with the store. Thread-safe.

    `fixed` are tokens that live outside the store: `AIRUNNER_TOKEN` and the local one, both an administrator's.
    """

    def __init__(self, store: Store, clock: Clock, ids: Ids, fixed: Iterable[tuple[str, str]], no_auth: bool) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._no_auth = no_auth
        self._lock = threading.Lock()
        self._codes: dict[str, datetime] = {}
        self._throttle = Throttle(clock)
        self._fixed = {hash_token(token): _Key(Identity(name, "admin", ""), None) for name, token in fixed}
        self._keys: dict[str, _Key] = {}
        for doc in store.find("tokens"):
            self._keys[doc["hash"]] = _key_of(doc)

    def identify(self, request: Request) -> Identity | None:
        """Return who sent the request, None without a valid token."""
        token = read_credentials(request)
        if token is None:
            return Identity("local", "admin", "") if self._no_auth else None
        return self._find(token)

    def new_code(self) -> str:
        """Return a code that logs an administrator in, once, within ten minutes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[hash_token(code)] = self._clock.now() + timedelta(minutes=_CODE_MINUTES)
        return code

    def log_in(self, peer: str, *, code: str | None, token: str | None) -> tuple[str, Doc]:
        """Return a new session's token and document; raise Unauthorised, or Throttled after too many failures."""
        self._throttle.check(peer)
        key = self._spend(code) if code else self._key(token or "")
        if key is None or key.session:
            self._throttle.failed(peer)
            what = "The login link has been used or is older than ten minutes" if code else "There is no such token"
            raise Unauthorised(f"{what}; make a token with `airunner token create` on the server.", code="login_failed")
        self._throttle.succeeded(peer)
        return self._open_session(key)

    def create(self, name: str, role: str, days: float | None) -> tuple[str, Doc]:
        """Make and store a token; return it, this once, with its document."""
        expires = self._clock.now() + timedelta(days=days) if days else None
        return self._store_new({"name": name, "role": role, "session": False, "expiresAt": expires})

    def _open_session(self, key: _Key) -> tuple[str, Doc]:
        """Make a session that ends no later than the token it was opened with, and with it when it is revoked."""
        until = self._clock.now() + timedelta(days=SESSION_DAYS)
        who = key.identity
        ends = min(until, key.expires) if key.expires else until
        doc = {"name": who.name, "role": who.role, "session": True, "parent": who.token_id or None, "expiresAt": ends}
        return self._store_new(doc)

    def _store_new(self, given: Doc) -> tuple[str, Doc]:
        token = new_token()
        doc: Doc = {"id": self._ids.new(), "hash": hash_token(token), "createdAt": self._clock.now(), **given}
        self._store.insert("tokens", doc)
        with self._lock:
            self._keys[doc["hash"]] = _key_of(doc)
        return token, doc

    def revoke(self, token_id: str) -> None:
        """Take a token back at once, and the sessions opened with it; raise NotFound."""
        if not self._store.delete("tokens", token_id):
            raise NotFound(f"There is no token {token_id!r}.", code="token_not_found")
        for session in self._store.find("tokens", parent=token_id):
            self._store.delete("tokens", session["id"])
        with self._lock:
            self._keys = {
                digest: key for digest, key in self._keys.items() if token_id not in (key.identity.token_id, key.parent)
            }

    def end_session(self, token_id: str) -> None:
        """Revoke a session; a lasting token is left alone."""
        doc = self._store.get("tokens", token_id) if token_id else None
        if doc is not None and doc.get("session"):
            self.revoke(token_id)

    def lasting(self) -> list[Doc]:
        """Return the tokens that are not sessions, without their hashes."""
        docs = [doc for doc in self._store.find("tokens") if not doc.get("session")]
        return [{name: doc.get(name) for name in ("id", "name", "role", "createdAt", "expiresAt")} for doc in docs]

    def forget_expired(self) -> None:
        """Remove what has expired from the store."""
        now = self._clock.now()
        for doc in self._store.find("tokens"):
            if doc.get("expiresAt") and doc["expiresAt"] <= now:
                self._store.delete("tokens", doc["id"])

    def _find(self, token: str) -> Identity | None:
        key = self._key(token)
        return key.identity if key else None

    def _key(self, token: str) -> _Key | None:
        digest = hash_token(token)
        with self._lock:
            key = self._fixed.get(digest) or self._keys.get(digest)
        return None if key is None or (key.expires is not None and key.expires <= self._clock.now()) else key

    def _spend(self, code: str) -> _Key | None:
        with self._lock:
            expires = self._codes.pop(hash_token(code), None)
        if expires is None or expires <= self._clock.now():
            return None
        return _Key(Identity("login link", "admin", ""), None)


def _key_of(doc: Doc) -> _Key:
    who = Identity(doc["name"], doc["role"], doc["id"])
    return _Key(who, doc.get("expiresAt"), bool(doc.get("session")), doc.get("parent"))
