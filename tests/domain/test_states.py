"""The life of a run: every arrow of the table, and nothing beside it."""

from __future__ import annotations

import pytest

from airunner.base.errors import Conflict
from airunner.domain.states import ACTIVE, FINISHED, Event, Status, advance, before

ARROWS = {
    ("queued", "start"): "running",
    ("queued", "fail"): "failed",
    ("queued", "kill"): "killed",
    ("queued", "skip"): "skipped",
    ("running", "requeue"): "queued",
    ("running", "complete"): "completed",
    ("running", "fail"): "failed",
    ("running", "time_out"): "timeout",
    ("running", "kill"): "killed",
}


@pytest.mark.parametrize("state", Status)
@pytest.mark.parametrize("event", Event)
def test_advance_when_any_event_meets_any_status_then_it_is_as_drawn(state: Status, event: Event) -> None:
    after = ARROWS.get((state, event))
    if after:
        assert advance(state, event) == after
    else:
        with pytest.raises(Conflict):
            advance(state, event)


def test_advance_when_finished_then_the_sentence_says_how() -> None:
    with pytest.raises(Conflict, match=r"The run has already finished \(killed\)\.") as caught:
        advance("killed", "kill")
    assert caught.value.code == "already_finished"


def test_advance_when_there_is_no_arrow_then_the_sentence_says_what_cannot_be() -> None:
    with pytest.raises(Conflict, match="A run that is queued cannot time out"):
        advance("queued", "time_out")


def test_advance_when_the_words_are_unknown_then_it_is_a_fault() -> None:
    with pytest.raises(ValueError, match="sleeping"):
        advance("sleeping", "kill")


def test_sets_when_put_together_then_they_are_all_statuses_once() -> None:
    assert set(Status) == ACTIVE | FINISHED
    assert not ACTIVE & FINISHED
    assert {"queued", "running"} == ACTIVE


def test_before_when_asked_then_it_is_where_the_arrows_begin() -> None:
    assert before("kill") == {"queued", "running"}
    assert before("start") == {"queued"}
