"""The breaker before a store: who waits once, lets the others know."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from airunner.base.errors import Busy, Conflict
from airunner.domain.query import RunQuery
from airunner.store.breaker import Breaker
from airunner.store.contract import Chunk, Store
from tests.helpers.clock import START, FakeClock

ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "insert": (("prompts", {"id": "a"}), {}),
    "get": (("prompts", "a"), {}),
    "find": (("prompts",), {"slug": "a"}),
    "replace": (("prompts", {"id": "a"}), {"expect_revision": 3}),
    "delete": (("prompts", "a"), {}),
    "change_many": (("prompts", [{"id": "a"}], ["b"]), {}),
    "save_plans": (([{"id": "a"}],), {}),
    "plans": ((["a"],), {}),
    "due_plans": ((), {}),
    "open_plans": ((), {}),
    "stale_plans": ((START,), {}),
    "settings": ((), {}),
    "save_settings": (({"a": 1},), {"expect_revision": 2}),
    "insert_run": (({"runId": "a"},), {}),
    "insert_skipped": (([{"runId": "a"}],), {}),
    "get_run": (("a",), {}),
    "change_run": (("a", {"status": "x"}), {"only_if": ["queued"]}),
    "delete_run": (("a",), {}),
    "active_runs": ((), {}),
    "find_runs": ((RunQuery(),), {}),
    "directories": ((7,), {}),
    "last_runs": (("promptId", ["a"]), {}),
    "tally": (("promptId", [START]), {}),
    "output_ends": (("a",), {}),
    "append_output": (("a", [Chunk("out-0", 0, b"x")]), {}),
    "output_after": (("a", None), {}),
    "uncopied_runs": ((), {}),
    "close_output": (("a",), {}),
    "drop_output": (("a", ["out-0"]), {}),
    "old_output": ((START, "a"), {}),
    "fill": (("prompts", [{"id": "a"}]), {}),
    "fill_settings": (({"a": 1},), {}),
    "start_filling": ((), {}),
    "filled": ((), {}),
    "touch": ((), {}),
    "remembered_keys": ((), {}),
    "runs_after": (("a", 7), {}),
    "hold": (("h", "host:/data", 30.0), {}),
    "remember_key": (("k", "r", "a", START), {}),
    "size": ((), {}),
    "ping": ((), {}),
    "close": ((), {}),
}

SILENT = {
    *("insert_run", "insert_skipped", "change_many", "save_plans", "close_output", "drop_output"),
    *("start_filling", "fill", "fill_settings", "filled", "touch", "ping", "close"),
}


class Stand:
    """A store that does as it is told: answers, or takes its time and is Busy."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.seconds = 0.0
        self.error: Exception | None = None
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.during: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> object:
            self.calls.append((name, arguments, named))
            self.during()
            self._clock.pass_(self.seconds)
            if self.error:
                raise self.error
            return name

        return call

    def lock(self) -> None:
        self.seconds, self.error = 1.5, Busy("locked", code="store_locked")

    def unlock(self) -> None:
        self.seconds, self.error = 0.0, None


@pytest.fixture
def stand(fake_clock: FakeClock) -> Stand:
    return Stand(fake_clock)


@pytest.fixture
def breaker(stand: Stand, fake_clock: FakeClock) -> Breaker:
    return Breaker(cast("Store", stand), fake_clock)


def write(breaker: Breaker) -> object:
    return breaker.delete("prompts", "a")


def read(breaker: Breaker) -> object:
    return breaker.get("prompts", "a")


def fail(call: Callable[[Breaker], object], breaker: Breaker, times: int = 1) -> Busy:
    for _ in range(times):
        with pytest.raises(Busy) as caught:
            call(breaker)
    return caught.value


def test_every_method_of_the_contract_reaches_the_store_with_what_it_was_given(breaker: Breaker, stand: Stand) -> None:
    assert set(ARGUMENTS) == {name for name, _ in inspect.getmembers(Store, inspect.isfunction)}
    for name, (arguments, named) in ARGUMENTS.items():
        answer = getattr(breaker, name)(*arguments, **named)
        assert stand.calls[-1] == (name, arguments, named)
        assert answer == (None if name in SILENT else name)


def test_write_when_one_waited_in_vain_then_the_next_are_refused_at_once(breaker: Breaker, stand: Stand) -> None:
    stand.lock()
    assert fail(write, breaker).message == "locked"
    refused = fail(write, breaker, times=20)
    assert len(stand.calls) == 1
    assert refused.message == "The store does not answer at present; nothing was written. Try again in a moment."
    assert (refused.code, refused.status) == ("store_locked", 503)
    assert int(refused.headers["Retry-After"]) > 0


def test_write_when_a_second_has_passed_then_one_tries_and_its_answer_is_everybodys(
    breaker: Breaker, stand: Stand, fake_clock: FakeClock
) -> None:
    stand.lock()
    fail(write, breaker)
    fake_clock.pass_(1.01)
    assert fail(write, breaker).message == "locked"
    fail(write, breaker, times=5)
    assert len(stand.calls) == 2
    stand.unlock()
    fake_clock.pass_(1.01)
    assert [write(breaker) for _ in range(5)] == ["delete"] * 5


def test_write_when_one_tries_then_the_others_do_not_wait_with_it(
    breaker: Breaker, stand: Stand, fake_clock: FakeClock
) -> None:
    stand.lock()
    fail(write, breaker)
    fake_clock.pass_(1.01)
    others: list[Busy] = []

    def meanwhile() -> None:
        stand.during = lambda: None
        thread = threading.Thread(target=lambda: others.append(fail(write, breaker)))
        thread.start()
        thread.join(5)

    stand.during = meanwhile
    fail(write, breaker)
    assert [other.message[:32] for other in others] == ["The store does not answer at pre"]
    assert len(stand.calls) == 2


def test_reading_when_only_writes_wait_in_vain_then_it_goes_on(breaker: Breaker, stand: Stand) -> None:
    stand.lock()
    fail(write, breaker)
    stand.unlock()
    assert read(breaker) == "get"
    fail(write, breaker)


def test_reading_when_one_question_is_slow_then_others_are_asked_all_the_same(breaker: Breaker, stand: Stand) -> None:
    for _ in range(5):
        stand.lock()
        fail(read, breaker, times=2)
        stand.unlock()
        assert read(breaker) == "get"
    stand.lock()
    fail(read, breaker, times=10)
    assert len(stand.calls) == 18, "after the third in a row nobody waits"


def test_reading_when_the_store_is_known_to_be_away_then_the_next_is_refused_at_once(
    breaker: Breaker, stand: Stand
) -> None:
    stand.seconds, stand.error = 0.5, Busy("nobody there", code="store_away")
    fail(read, breaker, times=5)
    assert len(stand.calls) == 1


@pytest.mark.parametrize("error", [Busy("the disk is full"), Conflict("taken"), ValueError("ours")])
def test_call_when_the_store_answers_at_once_then_nobody_is_kept_from_it(
    breaker: Breaker, stand: Stand, error: Exception
) -> None:
    stand.error = error
    for _ in range(5):
        with pytest.raises(type(error), match=str(error)):
            write(breaker)
    assert len(stand.calls) == 5
    stand.unlock()
    assert write(breaker) == "delete"


def test_call_when_the_try_ends_in_another_error_then_the_store_is_back(
    breaker: Breaker, stand: Stand, fake_clock: FakeClock
) -> None:
    stand.lock()
    fail(write, breaker)
    fake_clock.pass_(1.01)
    stand.seconds, stand.error = 0.0, Conflict("taken")
    for _ in range(3):
        with pytest.raises(Conflict):
            write(breaker)
