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
        identity = self._spend(code) if code else self._find(token or "")
        if identity is None:
            self._throttle.failed(peer)
            what = "The login link has been used or is older than ten minutes" if code else "There is no such token"
            raise Unauthorised(f"{what}; make a token with `airunner token create` on the server.", code="login_failed")
        self._throttle.succeeded(peer)
        return self.create(identity.name, identity.role, SESSION_DAYS, session=True)

    def create(self, name: str, role: str, days: float | None, *, session: bool = False) -> tuple[str, Doc]:
        """Make and store a token; return it, this once, with its document."""
        token, now = new_token(), self._clock.now()
        doc: Doc = {
            "id": self._ids.new(),
            "name": name,
            "role": role,
            "hash": hash_token(token),
            "session": session,
            "createdAt": now,
            "expiresAt": now + timedelta(days=days) if days else None,
        }
        self._store.insert("tokens", doc)
        with self._lock:
            self._keys[doc["hash"]] = _key_of(doc)
        return token, doc

    def revoke(self, token_id: str) -> None:
        """Take a token back at once; raise NotFound."""
        if not self._store.delete("tokens", token_id):
            raise NotFound(f"There is no token {token_id!r}.", code="token_not_found")
        with self._lock:
            self._keys = {digest: key for digest, key in self._keys.items() if key.identity.token_id != token_id}

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
        digest = hash_token(token)
        with self._lock:
            key = self._fixed.get(digest) or self._keys.get(digest)
        if key is None or (key.expires is not None and key.expires <= self._clock.now()):
            return None
        return key.identity

    def _spend(self, code: str) -> Identity | None:
        with self._lock:
            expires = self._codes.pop(hash_token(code), None)
        if expires is None or expires <= self._clock.now():
            return None
        return Identity("login link", "admin", "")


def _key_of(doc: Doc) -> _Key:
    return _Key(Identity(doc["name"], doc["role"], doc["id"]), doc.get("expiresAt"))
