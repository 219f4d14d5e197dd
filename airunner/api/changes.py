"""How a handler changes a stored record: read, merge, put back, and again when somebody else was quicker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from airunner.base.errors import PreconditionFailed
from airunner.domain.record import to_doc
from airunner.store.contract import Store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    class _Kept(DataclassInstance, Protocol):
        @property
        def revision(self) -> int: ...


R = TypeVar("R", bound="_Kept")


def save_change(store: Store, kind: str, asked: int | None, load: Callable[[], R], merge: Callable[[R], R]) -> R:
    """Put what `merge` makes of a record in its place; return it as it was made.

    `asked` is the revision that the client insists on (If-Match); who set no such condition gets the change on top of
    theirs who were quicker. Raises PreconditionFailed, and what `load` and `merge` raise.
    """
    for last in (False, False, False, True):
        old = load()
        new = merge(old)
        try:
            store.replace(kind, to_doc(new), expect_revision=old.revision if asked is None else asked)
            return new
        except PreconditionFailed:
            if asked is not None or last:
                raise
    raise AssertionError("not reached")
