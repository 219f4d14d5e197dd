"""What a client can be doing: asking, served, perhaps parked, taking the answer, and again; then leaving, gone."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """What a client is doing."""

    ASKING = auto()  # between requests, or sending one
    SERVED = auto()  # a worker has its request
    PARKED = auto()
    TAKING = auto()  # it is sent an answer
    LEAVING = auto()  # it was told all; what it still sends is thrown away
    GONE = auto()
