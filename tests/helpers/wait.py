"""Wait by condition, with a deadline: the only way a test may wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(check: Callable[[], T], within: float = 5.0, every: float = 0.01) -> T:
    """Return the first truthy value of `check()`; fail when `within` seconds pass without one.

    An exception of `check` is raised at once: write checks that return False for "not yet".
    """
    deadline = time.monotonic() + within
    while True:
        last = check()
        if last:
            return last
        if time.monotonic() >= deadline:
            name = getattr(check, "__qualname__", repr(check))
            raise AssertionError(f"{name} was not true within {within} s; it last returned {last!r}")
        time.sleep(every)
