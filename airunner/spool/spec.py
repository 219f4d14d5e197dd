"""What a shim is told to do, as one frame on a pipe: it holds secrets, so it is never on disk or in argv."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, dataclass, field

from airunner.base.files import PRIVATE_FILE

_HEAD = struct.Struct("<4sII")  # magic, length, CRC-32: a frame that was cut off starts nothing
_MAGIC = b"AIR1"


@dataclass(frozen=True, slots=True)
class RunUser:
    """Another user, whom the command is to belong to: in numbers, for a shim looks nobody up."""

    name: str
    uid: int
    gid: int
    groups: list[int]


@dataclass(frozen=True, slots=True)
class Spec:
    """One run's command and the rules that it runs under."""

    run_id: str
    folder: str
    argv: list[str]
    env: dict[str, str]
    cwd: str
    prompt: str | None
    """The prompt, when it goes to a file or to standard input."""
    bell: str
    prompt_file: str | None = None
    """Where the prompt is written before the command starts; removed when it has ended."""
    prompt_mode: int = PRIVATE_FILE
    prompt_is_input: bool = False
    """Whether the prompt is the command's standard input."""
    user: RunUser | None = None
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
    fields = json.loads(body)
    user = fields.pop("user")
    return Spec(**fields, user=RunUser(**user) if user else None)
