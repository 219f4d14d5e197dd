"""Global settings: one record of bounds and defaults that an operator may change at any time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from airunner.domain.fields import Checker, check_name, check_path
from airunner.domain.record import Doc, from_doc, to_doc

DAYS = 36_500
OUTPUT_FLOOR = 65_536
OUTPUT_CEILING = 10 * 1024**3
DIRECTORY_POLICIES = ("parallel", "queue")
_MOST_FORMER = 50
_MOST_MB = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings. `default_timeout` is minutes; a retention of 0 days keeps for ever; bytes are bytes.

    `log_directory` None is the data folder's own place; `pass_env` names variables of the server that runs inherit.
    With the directory policy `queue` runs on one directory wait for each other.
    No run starts while less than `min_free_disk_mb` (2^20 bytes) are free where it would be written; 0 is no floor.
    """

    default_working_directory: str | None = None
    default_timeout: float = 30
    max_concurrent_runs: int = 3
    output_retention_days: int = 30
    record_retention_days: int = 365
    max_output_bytes: int = 10_485_760
    min_free_disk_mb: int = field(default=200, metadata={"key": "minFreeDiskMB"})
    log_directory: str | None = None
    allowed_roots: tuple[str, ...] = ("/",)
    pass_env: tuple[str, ...] = ()
    schedules_paused: bool = False
    directory_policy: str = "parallel"
    former_log_directories: tuple[str, ...] = ()
    revision: int = 0

    def __post_init__(self) -> None:
        for name in ("allowed_roots", "pass_env", "former_log_directories"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @staticmethod
    def from_doc(doc: Doc) -> Settings:
        """Return the settings of a stored document; an empty one gives the defaults."""
        return from_doc(Settings, doc)

    def merged(self, data: object) -> Settings:
        """Return these settings with the given fields changed; raise Invalid with every problem.

        What is left out stays; null empties `defaultWorkingDirectory` and `logDirectory`.
        """
        checker = Checker(data, what="settings")
        new = replace(
            self,
            default_working_directory=_maybe_path(checker, "defaultWorkingDirectory", self.default_working_directory),
            default_timeout=checker.minutes("defaultTimeout", self.default_timeout),
            max_concurrent_runs=checker.whole("maxConcurrentRuns", self.max_concurrent_runs, least=1, most=1000),
            output_retention_days=checker.whole("outputRetentionDays", self.output_retention_days, most=DAYS),
            record_retention_days=checker.whole("recordRetentionDays", self.record_retention_days, most=DAYS),
            max_output_bytes=checker.whole(
                "maxOutputBytes", self.max_output_bytes, least=OUTPUT_FLOOR, most=OUTPUT_CEILING
            ),
            min_free_disk_mb=checker.whole("minFreeDiskMB", self.min_free_disk_mb, most=_MOST_MB),
            log_directory=_maybe_path(checker, "logDirectory", self.log_directory),
            allowed_roots=checker.list_of("allowedRoots", self.allowed_roots, check_path, least=1),
            pass_env=checker.list_of("passEnv", self.pass_env, check_name),
            schedules_paused=checker.flag("schedulesPaused", self.schedules_paused),
            directory_policy=checker.choice("directoryPolicy", self.directory_policy, DIRECTORY_POLICIES),
        )
        checker.done()
        if self.log_directory and self.log_directory != new.log_directory:
            former = dict.fromkeys((*self.former_log_directories, self.log_directory))
            new = replace(new, former_log_directories=tuple(former)[-_MOST_FORMER:])
        return new

    def log_roots(self) -> tuple[str, ...]:
        """Return every directory that folders of runs were kept in, besides the data folder's own."""
        now = (self.log_directory,) if self.log_directory else ()
        return tuple(dict.fromkeys((*now, *self.former_log_directories)))

    def public(self) -> Doc:
        """Return what may leave the house: all but where output was kept before."""
        return {key: value for key, value in to_doc(self).items() if key != "formerLogDirectories"}


def _maybe_path(checker: Checker, name: str, now: str | None) -> str | None:
    return checker.path(name, None) if checker.claim(name) else now
