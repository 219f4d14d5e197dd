"""What schedules need is not deleted under them: it is refused, or they are switched off and say why."""

from __future__ import annotations

from collections.abc import Collection

from airunner.api.context import Context
from airunner.api.replies import caller, one
from airunner.base.errors import Conflict, Invalid, NotFound, PreconditionFailed
from airunner.domain.record import Doc, from_doc, to_doc
from airunner.domain.schedule import Schedule
from airunner.server.wire import Request

_NAMED = 5


def forced(request: Request) -> bool:
    """Return whether the parameter `force` is set; raise Invalid for what is neither yes nor no."""
    text = one(request, "force", "0").lower()
    if text not in ("0", "1", "true", "false"):
        why = f"force must be 1 or 0; it is {text[:40]!r}."
        raise Invalid(why, fields={"force": why})
    return text in ("1", "true")


def free(context: Context, request: Request, what: str, prompt_ids: Collection[str], *, force: bool) -> None:
    """Raise Conflict when schedules need one of these prompts; with `force` switch those off that are on instead."""
    for last in (False, False, False, True):
        needing = [doc for doc in context.store.find("schedules") if doc["promptId"] in prompt_ids]
        if needing and not force:
            raise Conflict(_said(what, needing), code="in_use")
        now = context.clock.now()
        off = [
            from_doc(Schedule, doc).switched(False, now, caller(request), f"Switched off when {what} was deleted.")
            for doc in needing
            if doc["enabled"]
        ]
        if not off:
            return
        try:
            with context.scheduler.changing(*(schedule.id for schedule in off)):
                context.store.change_many("schedules", [to_doc(schedule) for schedule in off])
            return
        except (PreconditionFailed, NotFound):  # somebody was quicker with one of them: none was changed
            if last:
                raise


def _said(what: str, needing: list[Doc]) -> str:
    names = ", ".join(doc["name"] for doc in needing[:_NAMED]) + (" and others" if len(needing) > _NAMED else "")
    if len(needing) == 1:
        return f"The schedule {names} needs {what}. Delete it first, or use force (force=1): it is switched off then."
    return (
        f"{len(needing)} schedules need {what}: {names}. "
        "Delete them first, or use force (force=1): they are switched off then."
    )
