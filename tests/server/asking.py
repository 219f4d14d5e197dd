"""Requests made by hand, for what needs no socket."""

from __future__ import annotations

from typing import Any

from airunner.server.wire import Request, Terms


def asked(method: str = "GET", path: str = "/", **options: Any) -> Request:
    """Return a request; keywords are header names (`sec_fetch_site`), `secure`, `gzip` or `peer`."""
    secure, gzip, peer = options.pop("secure", False), options.pop("gzip", False), options.pop("peer", "192.0.2.1")
    headers = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    terms = Terms(chunks=True, keep=True, head=method == "HEAD", gzip=gzip)
    return Request(method, path, {}, headers, b"", peer, secure, terms=terms)
