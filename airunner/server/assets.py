"""The files of the web page, read once and served from memory, with ETag and gzip."""

from __future__ import annotations

import hashlib
import zlib
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from airunner.server.wire import Request, Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
_OTHER = "application/octet-stream"
_PACKED = (".png", ".jpg", ".gif", ".webp", ".ico", ".woff", ".woff2")  # gzip finds nothing left in them
_WORTH_GZIP = 1024
_GZIP_BITS = 31  # zlib's word for a gzip wrapper around a window of 32 KB


class Assets:
    """Everything below `root` (a folder, or a package's resources), by its path; "/" is index.html, "/x" is x.html."""

    def __init__(self, root: Traversable) -> None:
        self._files: dict[str, _Asset] = {}
        self._read(root, "/")
        if "/index.html" in self._files:
            self._files["/"] = self._files["/index.html"]

    def get(self, path: str, request: Request) -> Response | None:
        """Return the answer to GET or HEAD (304 when the client has it); None when there is no such file."""
        asset = self._files.get(path)
        return asset.answer(request) if asset is not None else None

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def _read(self, folder: Traversable, path: str) -> None:
        for entry in folder.iterdir():
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                self._read(entry, f"{path}{entry.name}/")
            else:
                asset = self._files[path + entry.name] = _Asset(entry.name, entry.read_bytes())
                if entry.name.endswith(".html"):
                    self._files[path + entry.name.removesuffix(".html")] = asset


class _Asset:
    """One file; its gzip form is made when it is first asked for."""

    __slots__ = ("_content", "_packed", "_tag", "_type", "_worth_it")

    def __init__(self, name: str, content: bytes) -> None:
        ending = PurePosixPath(name).suffix.lower()
        self._content = content
        self._packed: bytes | None = None
        self._tag = hashlib.sha256(content).hexdigest()[:32]
        self._type = _TYPES.get(ending, _OTHER)
        self._worth_it = len(content) > _WORTH_GZIP and ending not in _PACKED

    def answer(self, request: Request) -> Response:
        packed = self._worth_it and request.terms.gzip
        tag = f'"{self._tag}-gzip"' if packed else f'"{self._tag}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if self._worth_it:
            headers["Vary"] = "Accept-Encoding"
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(304, headers)
        headers["Content-Type"] = self._type
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(200, headers, self._pack() if packed else self._content)

    def _pack(self) -> bytes:
        if self._packed is None:
            self._packed = zlib.compress(self._content, 9, _GZIP_BITS)
        return self._packed


def _has(if_none_match: str, tag: str) -> bool:
    """Compare weakly (RFC 9110 § 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return tag in [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
