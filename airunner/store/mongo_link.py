"""MongoDB: the connection; every call is bounded in time, and what the driver raises becomes an error of the house.

What is used of pymongo is in its documentation under "MongoClient" (options of the URL, pool, `timeoutMS`), "Client
side operation timeout" (`pymongo.timeout`), "Exceptions", and for custom types under "Custom type example".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, unquote_plus

import pymongo
from bson import Binary
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    InvalidOperation,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.uri_parser import parse_uri

from airunner.base.errors import Broken, Busy, Invalid
from airunner.store.contract import SECONDS

DATABASE = "airunner"
"""The database of a URL that names none."""
_SURROGATES = 0x80  # the first subtype that BSON leaves to applications (bsonspec.org)
_OPTIONS: dict[str, Any] = {
    "appname": "airunner",
    "retryWrites": True,
    "retryReads": True,
    "serverSelectionTimeoutMS": int(SECONDS * 1000),
    "connectTimeoutMS": int(SECONDS * 1000),
    "heartbeatFrequencyMS": 1_000,  # so soon it is seen that a primary has gone, is back or is another one
    "maxPoolSize": 32,
    "maxIdleTimeMS": 600_000,
}
_AWAY_SECONDS = 0.5  # what a call may take while no primary is known
_DUPLICATE = 11000  # DuplicateKey (error_codes.yml of the server)
_DENIED = (13, 18)  # Unauthorized, AuthenticationFailed (error_codes.yml of the server)


class _Text(TypeDecoder):
    """Reads back text that UTF-8 cannot carry."""

    bson_type = Binary

    def transform_bson(self, value: Any) -> Any:
        return bytes(value).decode("utf-8", "surrogatepass") if value.subtype == _SURROGATES else value


CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_Text()]))


class Link:
    """A client, its database, and the bounds around each call. Used by any number of threads."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        """Prepare a client whose calls take at most `seconds`; raise Invalid for a URL that pymongo cannot read.

        Nothing is connected yet.
        """
        self._seconds = seconds
        try:
            given = {name.lower() for name in parse_uri(url, warn=False)["options"]}
            options = {name: value for name, value in _OPTIONS.items() if name.lower() not in given}
            self.client: MongoClient[dict[str, Any]] = MongoClient(url, connect=False, **options)
        except (InvalidURI, ConfigurationError, ValueError, TypeError, OSError) as error:
            raise _unusable(url, error) from error
        default = self.client.get_default_database(DATABASE)
        # Majority: what was answered for outlives a primary that dies (manual: "Write Concern"). Only the primary is
        # sure to have every write that returned.
        self.db = default.with_options(
            codec_options=CODEC, write_concern=WriteConcern("majority"), read_preference=ReadPreference.PRIMARY
        )
        self._url = url
        self._is_closed = False
        self._was_reached = False

    @contextmanager
    def calling(self, seconds: float | None = None) -> Iterator[None]:
        """Stand around the operations of one call, which together take at most `seconds`; raise Busy when they fail.

        Raises Broken for a denied access before anything went well. While the driver knows of no primary they take less: callers are to hear so soon. DuplicateKeyError passes: only
        its caller knows what was taken.
        """
        if self._is_closed:
            raise Busy("The store is closed.", code="store_closed")
        if self._was_reached and not self.client.topology_description.has_writable_server():
            seconds = _AWAY_SECONDS
        try:
            with pymongo.timeout(seconds or self._seconds):
                yield
                self._was_reached = True
        except DuplicateKeyError:
            raise
        except InvalidOperation as error:
            raise Busy("The store is closed.", code="store_closed") from error
        except PyMongoError as error:
            raise self._as_ours(error) from error

    def close(self) -> None:
        """Let go of the connections; a second call does nothing."""
        self._is_closed = True
        self.client.close()

    def _as_ours(self, error: PyMongoError) -> Exception:
        if isinstance(error, OperationFailure) and error.code in _DENIED:
            said = without_secrets(str((error.details or {}).get("errmsg", error)), self._url)[:300]
            sentence = (
                f"The store {shown_url(self._url)} does not let us in: {said.rstrip('.')}. "
                "Look at user, password and roles (readWrite and dbAdmin on the database)."
            )
            # Once it did, what is refused may be taken again: whoever has to write goes on trying.
            return Busy(sentence, code="store_denied") if self._was_reached else Broken(sentence)
        if error.timeout and not isinstance(error, ServerSelectionTimeoutError):
            return Busy("The store did not answer in time. Try again in a moment.", code="store_slow")
        if self._was_reached:  # callers need not know where it is; the log has the cause
            return Busy("The store does not answer at present. Try again in a moment.", code="store_away")
        return Busy(f"{without_secrets(_brief(error), self._url)}.", code="store_away")


def pack(value: Any) -> Any:
    """Return a value in the form that BSON can carry: text with lone surrogates as binary of a type of our own.

    Raises TypeError for what no document may hold.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return Binary(value.encode("utf-8", "surrogatepass"), _SURROGATES)
        return str(value)
    if isinstance(value, dict):
        return {key: pack(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [pack(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise TypeError(f"a document cannot hold {value!r}")


def _brief(error: PyMongoError) -> str:
    """Return what the driver says without its timeouts and its view of all servers."""
    return re.split(r" \(configured timeouts|, Timeout: |, Topology Description: |, full error: ", str(error))[
        0
    ].rstrip(".")


def raise_unless_taken(error: BulkWriteError) -> None:
    """Raise the error again unless all that is wrong is that ids, or what else must be unique, are taken."""
    details = error.details
    if details["writeConcernErrors"] or any(one["code"] != _DUPLICATE for one in details["writeErrors"]):
        raise error


def shown_url(url: str) -> str:
    """Return a store's URL as it may be shown: without user, password and options."""
    return re.sub(r"//.*@", "//", url, flags=re.DOTALL).partition("?")[0]


def without_secrets(text: str, url: str) -> str:
    """Return text of the driver without the user and the password that the URL has."""
    found = re.search(r"//(.*)@", url, re.DOTALL)
    if not found:
        return text
    user, _, password = found[1].partition(":")
    for secret in (found[1], password, unquote_plus(password), unquote(password), user, unquote_plus(user)):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text) if secret else text
    return text


def _unusable(url: str, error: Exception) -> Invalid:
    """Say what is wrong with a URL; what the driver says of one that it cannot read may be a part of the password."""
    is_read = True
    try:
        parse_uri(url, warn=False)
    except (InvalidURI, ConfigurationError, ValueError, TypeError, OSError):
        is_read = "@" not in url
    if not is_read:
        return Invalid(
            f"The store {url.partition(':')[0]}://… cannot be opened: its address cannot be read. Special characters in user "
            "and password must be percent-encoded (RFC 3986), and options be known ones."
        )
    return Invalid(f"The store {shown_url(url)} cannot be opened: {without_secrets(str(error), url)}")
