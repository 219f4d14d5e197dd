"""How much and how long: the bounds that keep a stranger from holding the server."""

from __future__ import annotations

import resource
from dataclasses import dataclass

_KIB = 1024
_MIB = 1024 * 1024
_RESERVE = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server; sizes in bytes, times in seconds."""

    head_bytes: int = 32 * _KIB
    body_bytes: int = 4 * _MIB
    bodies_bytes: int = 48 * _MIB  # of all bodies that are on their way, together
    connections: int = 20_000
    connections_per_peer: int = 2_000  # loopback is not counted: a proxy there speaks for everybody
    handshake_seconds: float = 10.0
    head_seconds: float = 10.0
    body_seconds: float = 10.0  # a body may take this long, and longer only at `body_rate`
    body_rate: int = 1 * _KIB  # bytes a second
    idle_seconds: float = 75.0
    write_seconds: float = 30.0  # without one byte taken by the other side
    linger_seconds: float = 2.0  # how long a refused client may go on sending before it is cut off
    low_water: int = 64 * _KIB  # a streamed body is pulled on when less than this is waiting
    ahead_bytes: int = 64 * _KIB  # read ahead of a client that sends while it is being answered


def room_for_connections(wanted: int) -> int:
    """Return how many connections RLIMIT_NOFILE leaves room for, at most `wanted` (getrlimit(2))."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(1, soft - min(_RESERVE, soft // 4)))
