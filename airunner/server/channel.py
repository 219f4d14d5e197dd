"""What a client's socket can do, plain or TLS, and the bytes that wait to be taken by the other side."""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """A non-blocking socket; raises BlockingIOError for "not now", another OSError for the end."""

    def fileno(self) -> int: ...
    def recv_into(self, buffer: memoryview, /) -> int: ...
    def send(self, data: bytes | memoryview, /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def setsockopt(self, level: int, name: int, value: bytes, /) -> None: ...
    def close(self) -> None: ...


class Outbox:
    """A queue of byte strings; knows its size in bytes."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes | memoryview] = []
        self.size = 0

    def put(self, data: bytes) -> None:
        """Queue `data`."""
        if data:
            self._pieces.append(data)
            self.size += len(data)

    def drain(self, channel: Channel) -> bool:
        """Send what is taken now; say whether it was anything; raise OSError when the other side is gone."""
        pieces, before = self._pieces, self.size
        while pieces:
            piece = pieces[0]
            try:
                sent = channel.send(piece)
            except (BlockingIOError, InterruptedError):
                break
            self.size -= sent
            if sent == len(piece):
                del pieces[0]
            else:
                pieces[0] = memoryview(piece)[sent:]
        return self.size < before

    def clear(self) -> None:
        """Forget what waits."""
        self._pieces.clear()
        self.size = 0
