"""The clean feed as lines that are printed once."""

from __future__ import annotations

from typing import Any

import pytest

from airunner.base.errors import Broken
from airunner.cli.client import Refused, Unreachable
from airunner.cli.follow import Line, Poller, RawOutput, Unroller, clean_lines
from tests.helpers.clock import FakeClock


def lines(*texts: str, at: float = 0.0) -> list[Line]:
    return [Line(text, at) for text in texts]


def test_unroller_when_lines_are_appended_then_all_but_the_last_are_given_at_once() -> None:
    unroller = Unroller()
    assert unroller.take(0, lines("a", "b"), final=False, now=0) == ["a"]
    assert unroller.take(1, lines("bb", "c"), final=False, now=0) == ["bb"]
    assert unroller.take(3, [], final=True, now=0) == ["c"]


def test_unroller_when_the_last_line_spins_then_only_its_end_is_given() -> None:
    unroller = Unroller()
    for spin in "|/-":
        assert unroller.take(0, lines(spin), final=False, now=0) == []
    assert unroller.take(0, lines("done"), final=True, now=0) == ["done"]


def test_unroller_when_a_given_line_changes_then_later_ones_rest_first() -> None:
    unroller = Unroller()
    unroller.take(0, lines("head", "spin 1", "prompt"), final=False, now=0)
    assert unroller.take(1, lines("spin 2", "prompt", at=5), final=False, now=5) == []
    assert unroller.holds_back
    assert unroller.take(1, lines("spin 3", "prompt", at=5.5), final=False, now=5.5) == []
    assert unroller.take(3, [], final=False, now=7) == ["spin 3"]
    assert unroller.take(3, [], final=True, now=7) == ["prompt"]


def test_unroller_when_the_feed_begins_anew_then_nothing_is_given_twice() -> None:
    unroller = Unroller()
    unroller.take(0, lines("a", "b", "c", "d"), final=False, now=0)
    assert unroller.take(0, lines("a", "b"), final=False, now=0) == []
    assert unroller.take(2, lines("c", "d", "e"), final=False, now=0) == ["d"]
    assert unroller.take(5, [], final=True, now=0) == ["e"]
    assert not unroller.holds_back


class Script:
    """Answers one after the other; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.found_anew = True
        self.clock = FakeClock()

    def get(self, path: str, **query: Any) -> Any:
        self.asked.append(query)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self) -> bool:
        return self.found_anew

    def pause(self, seconds: float) -> None:
        self.clock.pass_(seconds)

    def poller(self) -> Poller:
        return Poller(self, self, self.clock)


def test_poller_when_the_server_is_away_then_it_is_borne_for_a_minute() -> None:
    script = Script(Unreachable("gone"))
    before = script.clock.monotonic()
    with pytest.raises(Unreachable):
        script.poller().get("x")
    assert 60 <= script.clock.monotonic() - before < 62


def test_poller_when_the_server_comes_back_then_the_answer_and_a_new_minute() -> None:
    script = Script(Unreachable("gone"), Refused("no store", 503, None), {"a": 1}, Unreachable("gone"), {"a": 2})
    poller = script.poller()
    assert poller.get("x") == {"a": 1}
    script.clock.pass_(100)
    assert poller.get("x") == {"a": 2}


def test_poller_when_the_token_is_refused_then_only_a_new_one_is_tried() -> None:
    script = Script(Refused("no", 401, None), {"a": 1})
    assert script.poller().get("x") == {"a": 1}
    script = Script(Refused("no", 401, None), {"a": 1})
    script.found_anew = False
    with pytest.raises(Refused):
        script.poller().get("x")


def test_poller_when_the_server_says_no_then_it_is_not_asked_again() -> None:
    script = Script(Refused("none", 404, None))
    with pytest.raises(Refused):
        script.poller().get("x")
    assert len(script.asked) == 1


def test_raw_output_when_the_middle_is_left_out_then_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(
        {"data": "YWI=", "next": 2, "done": False},
        {"data": "eg==", "next": 103, "done": True, "omitted": [2, 102]},
    )
    assert list(RawOutput(script.poller(), "r")) == [b"ab", b"z"]
    assert [query["from"] for query in script.asked] == [0, 2]
    assert "100 bytes are left out" in capsys.readouterr().err


@pytest.mark.parametrize("answer", [[], {}, {"data": "%", "next": 1, "done": True}, {"data": "", "next": True}])
def test_raw_output_when_the_answer_is_not_ours_then_a_sentence(answer: Any) -> None:
    with pytest.raises(Broken, match="The server's answer"):
        list(RawOutput(Script(answer).poller(), "r"))


def test_clean_lines_when_there_is_more_then_the_end_waits_for_it() -> None:
    script = Script(
        {"version": "v1", "keep": 0, "lines": [{"t": "a", "s": [], "at": 1.5}], "more": True, "done": True},
        {"version": "v2", "keep": 1, "lines": [{"t": "b", "s": [], "at": 2}], "more": False, "done": True},
    )
    assert list(clean_lines(script.poller(), "r", script.clock)) == ["a", "b"]
    assert [query["have"] for query in script.asked] == [None, "v1"]
