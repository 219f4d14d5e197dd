"""What a shim is told to do, as one frame on a pipe: it holds secrets, so it is never on disk or in argv."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, dataclass, field

_HEAD = struct.Struct("<4sII")  # magic, length, CRC-32: a frame that was cut off starts nothing
_MAGIC = b"AIR1"


@dataclass(frozen=True, slots=True)
class Spec:
    """One run's command and the rules that it runs under."""

    run_id: str
    folder: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    prompt: str | None
    """Written to the folder's prompt file when it is not None."""
    bell: str
    tty: bool = True
    cols: int = 120
    rows: int = 40
    timeout_seconds: float = 1800.0
    cap_bytes: int = 10 * 1024 * 1024
    stop_signals: list[str] = field(default_factory=lambda: ["TERM"])
    grace_seconds: float = 5.0
    keep_leftovers: bool = False
    limits: dict[str, int] = field(default_factory=dict)


def pack(spec: Spec) -> bytes:
    """Return the frame of a spec."""
    body = json.dumps(asdict(spec)).encode()
    return _HEAD.pack(_MAGIC, len(body), zlib.crc32(body)) + body


def unpack(frame: bytes) -> Spec | None:
    """Return the spec of a whole frame, None for anything else."""
    if len(frame) < _HEAD.size:
        return None
    magic, length, checksum = _HEAD.unpack_from(frame)
    body = frame[_HEAD.size :]
    if magic != _MAGIC or len(body) != length or zlib.crc32(body) != checksum:
        return None
    return Spec(**json.loads(body))
