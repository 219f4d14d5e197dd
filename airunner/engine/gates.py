"""What keeps a queued run from its start although there is a free place: its time, a lock, another run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from airunner.domain.profile import Profile
from airunner.domain.record import Doc, from_doc
from airunner.domain.settings import Settings
from airunner.engine.live import Live


class Hold(NamedTuple):
    """Why a run waits, a sentence, and until when; None where something else will end it."""

    why: str
    until: datetime | None = None


class Gates:
    """The gates as they stand at one moment. Quick tests pass all of them."""

    def __init__(self, settings: Settings, profiles: Iterable[Doc], live: Mapping[str, Live], now: datetime) -> None:
        """`live` are the runs that have a shim; it is looked at anew each time."""
        self._is_paused = settings.schedules_paused
        self._one_a_directory = settings.directory_policy == "queue"
        self._docs = {doc["id"]: doc for doc in profiles}
        self._locks = {id: lock for id, doc in self._docs.items() if (lock := _lock_of(doc, now))}
        self._live = live
        self._now = now

    def profile_of(self, run: Doc) -> Doc | None:
        """Return the profile of a run; None when it is gone."""
        return self._docs.get(run["agentProfileId"])

    def hold(self, run: Doc) -> Hold | None:
        """Return what holds a run, None when it may start."""
        if run["triggeredBy"] == "test":
            return None
        not_before = run.get("notBefore")
        if not_before is not None and self._now < not_before:
            return Hold(f"Attempt {run['attempt']}, not before {_clock(not_before)}.", not_before)
        if self._is_paused and run["triggeredBy"] == "retry":
            return Hold("All schedules are paused, and so are their further attempts.")
        lock = self._locks.get(run["agentProfileId"])
        return lock.hold if lock else self._behind_another(run)

    def skips(self) -> bool:
        """Say whether any run may be one that is not to run at all."""
        return any(lock.skips for lock in self._locks.values())

    def skip(self, run: Doc) -> str | None:
        """Return why a run is not to run at all, None when it may wait for its turn."""
        lock = self._locks.get(run["agentProfileId"])
        return lock.hold.why if lock and lock.skips and run["triggeredBy"] != "test" else None

    def _behind_another(self, run: Doc) -> Hold | None:
        is_queued = run.get("overlap") == "queue"
        if not (is_queued or self._one_a_directory):
            return None
        for other in self._live.values():
            if is_queued and other.schedule_id == run["scheduleId"]:
                return Hold("Waits for the end of the run before it, of the same schedule.")
            if self._one_a_directory and other.directory == run["workingDirectory"]:
                return Hold(f"Waits for the end of another run in {run['workingDirectory']}.")
        return None


class _Lock(NamedTuple):
    hold: Hold
    skips: bool


def _lock_of(doc: Doc, now: datetime) -> _Lock | None:
    """Return the lock that holds; a broken profile has none, and its runs say so when they start."""
    if not doc.get("lock"):
        return None
    try:
        profile = from_doc(Profile, doc)
        lock = profile.lock_at(now)
        return _Lock(Hold(_lock_said(profile, lock), lock["until"]), profile.while_locked == "skip") if lock else None
    except (TypeError, KeyError):
        return None


def lock_skips(profile: Profile, now: datetime) -> str | None:
    """Return the reason with which a new run of a profile is skipped, None when it is not."""
    lock = profile.lock_at(now)
    return _lock_said(profile, lock) if lock and profile.while_locked == "skip" else None


def _lock_said(profile: Profile, lock: Doc) -> str:
    end = f"until {_clock(lock['until'])}" if lock["until"] else "until somebody unlocks it"
    reason = f": {lock['reason']}" if lock["reason"] else ""
    return f"The profile {profile.name} is locked {end}{reason}."


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
