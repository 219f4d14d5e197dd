"""What every store promises; the other rooms know this page and nothing of what lies behind it.

Promises that hold for every method:

- **Threads.** Any number of threads may call at once, from any number of processes on one store.
- **Documents.** What comes in is copied, what goes out is the caller's to change. Documents are plain: text, numbers,
  true and false, None, lists, maps with text as keys, and aware UTC datetimes, which are kept to the millisecond.
- **Reading** sees every write that returned before it began, and never half of one. It does not wait for writers.
- **Writing** is all or nothing. A failing write leaves no trace and disturbs no other.
- **Durable** means: once the call has returned, it holds although the process is killed and the power fails. Every other
  write holds although the process is killed; the power may take it, together with what came after it, until the
  next durable write returns.
- **Time.** A call takes at most two seconds, then it raises Busy, as it does while the store is away. Busy from a reading
  call means nothing. Busy from a writing call means: not written, or not known to be; it may still be on its way, so a
  reading may miss it. A later write to the same document comes after it: once that one returns, all is known.
- **Errors.** Busy as above, and what a method names. A closed store raises Busy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from airunner.domain.query import RunPage, RunQuery
from airunner.domain.record import Doc

SECONDS = 2.0

KINDS = (
    "profiles",
    "prompts",
    "schedules",
    "secrets",
    "pipelines",
    "notifications",
    "tokens",
    "audit",
    "nodes",
)


TALLIED = ("agentProfileId", "promptId", "scheduleId", "workingDirectory")


class Chunk(NamedTuple):
    """Bytes of a file of a run's folder, from a position on."""

    file: str
    at: int
    data: bytes


class Store(ABC):
    """Memory of the house: small collections by kind, the settings, and the runs."""

    # --- small collections: a kind is one of KINDS, anything else is ValueError

    @abstractmethod
    def insert(self, kind: str, doc: Doc) -> Doc:
        """Add a document, which has an `id`, and return it with `revision` 1. Durable.

        Raises Conflict when the id is taken; for profiles also when the `slug` is. Of several callers with the same
        id or slug exactly one succeeds.
        """

    @abstractmethod
    def get(self, kind: str, id: str) -> Doc | None:
        """Return a document; None when there is none."""

    @abstractmethod
    def find(self, kind: str, **equal: str | float | bool | None) -> list[Doc]:
        """Return the documents whose fields equal all of `equal`, by `createdAt`, then `id`.

        None also finds documents without the field. For collections that fit in memory.
        """

    @abstractmethod
    def replace(self, kind: str, doc: Doc, *, expect_revision: int | None) -> Doc:
        """Put `doc` in the place of the one with its id; return it with the next `revision`. Durable.

        The revision inside `doc` is not looked at. Raises NotFound when there is none with that id, PreconditionFailed
        when `expect_revision` is given and not the stored one, Conflict as `insert`. Of several callers that expect the
        same revision exactly one succeeds.
        """

    @abstractmethod
    def delete(self, kind: str, id: str) -> bool:
        """Remove a document; say whether there was one. Durable. With a schedule its plan goes."""

    @abstractmethod
    def change_many(self, kind: str, changed: Collection[Doc], deleted: Collection[str] = ()) -> None:
        """Put each of `changed` in the place of the one with its id, and remove `deleted`: all of it or nothing. Durable.

        Each changed document must have the `revision` that is stored, and gets the next one. Raises PreconditionFailed
        when one has not, NotFound when one of either is not there.
        """

    # --- plans of schedules: documents of domain.schedule.Plan

    @abstractmethod
    def save_plans(self, plans: Collection[Doc]) -> None:
        """Keep plans, each in the place of its schedule's earlier one.

        One that was made for another revision of its schedule than the stored one is passed by, as is one whose
        schedule is not there. Not durable by itself: what is lost is found by `stale_plans` or made again.
        """

    @abstractmethod
    def plans(self, ids: Collection[str] | None = None) -> dict[str, Doc]:
        """Return the plans of these schedules, of all without `ids`, by the schedule's id."""

    @abstractmethod
    def due_plans(self) -> list[tuple[str, datetime]]:
        """Return id and `dueAt` of every schedule whose plan has one, the earliest first."""

    @abstractmethod
    def open_plans(self) -> list[Doc]:
        """Return the plans with runs in `open`."""

    @abstractmethod
    def stale_plans(self, now: datetime) -> list[str]:
        """Return the schedules whose plan is missing, is of another revision, or was made at a time after `now`."""

    # --- settings

    @abstractmethod
    def settings(self) -> Doc:
        """Return the settings; an empty document when none were ever saved."""

    @abstractmethod
    def save_settings(self, doc: Doc, *, expect_revision: int | None = None) -> Doc:
        """Put `doc` in the place of the settings; return it with the next `revision`. Durable.

        Never saved counts as revision 0. Raises PreconditionFailed as `replace`.
        """

    # --- runs: documents of domain.run, with `runId`, `queuedAt` and `status`

    @abstractmethod
    def insert_run(self, doc: Doc) -> None:
        """Add a run. Durable.

        Raises Conflict when the `runId` is taken, and when `scheduledFor` is a time and there is a run with the same
        `scheduleId`, `scheduledFor` and `attempt`: so a time to fire becomes at most one run, whoever looks at it.
        """

    @abstractmethod
    def insert_skipped(self, docs: Collection[Doc]) -> None:
        """Add runs that ended before they began, in one write; those whose time to fire has a run are passed by. Durable."""

    @abstractmethod
    def get_run(self, run_id: str) -> Doc | None:
        """Return the whole run; None when there is none."""

    @abstractmethod
    def change_run(self, run_id: str, changes: Doc, *, only_if: Collection[str]) -> Doc | None:
        """Set the given fields if the run's status is one of `only_if`; return the run as it now is.

        Returns None, and changes nothing, when the status is another one or there is no such run. Looking and
        writing are one step: of several callers that would each end the status, exactly one gets a document.
        Not durable by itself. `runId` and `queuedAt` cannot be changed (ValueError).
        """

    @abstractmethod
    def delete_run(self, run_id: str) -> bool:
        """Remove a run; say whether there was one. Not durable by itself."""

    @abstractmethod
    def active_runs(self) -> list[Doc]:
        """Return the whole queued and running runs, lowest `runId` first."""

    @abstractmethod
    def find_runs(self, query: RunQuery) -> RunPage:
        """Return one page of the runs that pass every filter of `query`, in the order of `domain.query.sort_key`.

        The runs are as `domain.run.listed` makes them. `total` counts all that pass, whatever the page; it is exact to
        10,000, and `total_is_more` says that there are more. A cursor goes on behind the place it names: runs that
        came or went meanwhile are neither doubled nor do they shift others.
        """

    @abstractmethod
    def directories(self, limit: int) -> list[dict[str, Any]]:
        """Return `{path, lastUsed}` of the directories of runs, the one used last first; at most `limit`."""

    @abstractmethod
    def last_runs(self, field: str, ids: Collection[str]) -> dict[str, Doc]:
        """Return the newest run of each prompt or schedule that has one, by its id; runs are as in lists.

        `field` is `promptId` or `scheduleId` (else ValueError).
        """

    @abstractmethod
    def tally(self, field: str | None, edges: Sequence[datetime]) -> list[Doc]:
        """Count the runs queued from each of `edges` up to the next one, by the value that a field has.

        Each row is `{bucket, value, runId, statuses, seconds, timed}`: the number of the first edge, the value (None without
        a field), the newest run, how many have which status, the sum of durations and how many runs have one. What has
        no runs has no row, and runs without a value are not counted. `field` is one of TALLIED (else ValueError).
        """

    # --- output: copies of the files that runs write, where others than this machine are to see it

    @property
    def keeps_output(self) -> bool:
        """Whether output is to be copied here; where it is not, the calls below must not be made."""
        return False

    def output_ends(self, run_id: str) -> dict[str, int]:
        """Return the position behind the last byte that is kept of each file of a run."""
        raise NotImplementedError

    def append_output(self, run_id: str, chunks: Sequence[Chunk]) -> bool:
        """Keep chunks, each of which begins at its file's end; say False when it does not: ask for the ends again.

        Busy means that any first part of them may be kept, or yet be.
        """
        raise NotImplementedError

    def output_after(self, run_id: str, last: Chunk | None) -> list[Chunk]:
        """Return some chunks behind `last`, file by file, each file from its beginning; none when there are no more."""
        raise NotImplementedError

    def uncopied_runs(self) -> list[str]:
        """Return the runs whose output was not said to be all here."""
        raise NotImplementedError

    def close_output(self, run_id: str) -> None:
        """Remember that all output of a run is here."""
        raise NotImplementedError

    def drop_output(self, run_id: str, files: Collection[str] | None = None) -> None:
        """Forget these files of a run, all without `files`. `delete_run` does so, too."""
        raise NotImplementedError

    def old_output(self, before: datetime, after: str = "") -> list[str]:
        """Return some runs queued before a time that have output here, by id, behind the id `after`."""
        raise NotImplementedError

    # --- filling an empty store with what another one has; it cannot be opened otherwise before `filled`

    @abstractmethod
    def start_filling(self) -> None:
        """Remove what a copy that did not end has left, and say that the store is not whole; raise Invalid if it is full."""

    @abstractmethod
    def fill(self, kind: str, docs: Collection[Doc]) -> None:
        """Add documents as they are, with their revisions."""

    @abstractmethod
    def fill_settings(self, doc: Doc) -> None:
        """Add the settings as they are, with their revision."""

    @abstractmethod
    def filled(self) -> None:
        """Say that the store is whole. Durable."""

    @abstractmethod
    def remembered_keys(self) -> list[Doc]:
        """Return all that `remember_key` keeps."""

    @abstractmethod
    def runs_after(self, run_id: str, limit: int) -> list[Doc]:
        """Return the next whole runs by id; `run_id` "" for the first."""

    # --- the rest

    def hold(self, holder: str, name: str, seconds: float) -> str | None:
        """Keep all but `holder`, known as `name`, off this store for some seconds; return who keeps us off, else None.

        A file's store needs no holding: its data folder has a lock.
        """
        return None

    @abstractmethod
    def remember_key(self, key_hash: str, request_hash: str, run_id: str, until: datetime) -> Doc | None:
        """Remember what a key was first used for, until a time; return None when it is new or no longer kept.

        Otherwise changes nothing and returns `{keyHash, requestHash, runId, until}` as first remembered. Of several
        callers with one new key exactly one gets None. Durable no later than the next durable write.
        """

    @abstractmethod
    def size(self) -> int:
        """Return about how many bytes of disk the store takes, output that it keeps included."""

    @abstractmethod
    def ping(self) -> None:
        """Return when the store answers; raise Busy when it does not."""

    def touch(self) -> None:
        """Write something that means nothing; raise Busy when no writes are taken. It comes after earlier writes."""
        self.change_run("", {}, only_if=())

    @abstractmethod
    def close(self) -> None:
        """Finish the writes that wait, let go of everything; a second call does nothing."""
