"""What is typed into a run arrives as it was typed; a run that has no terminal, or has ended, says so."""

from __future__ import annotations

import base64
import os

import pytest

from tests.helpers.runs import make_profile, start_run, wait_running
from tests.helpers.server import House
from tests.helpers.wait import until

_KEEP = "stty raw -echo; echo ready; head -c {size} > typed; exit 6"


def _ready(house: House, run_id: str) -> None:
    until(lambda: "ready" in house.api("GET", f"runs/{run_id}")["stdout"], within=10)
    wait_running(house, run_id)  # output is seen a moment before the start is written down


def _type(house: House, run_id: str, data: bytes) -> None:
    house.api("POST", f"runs/{run_id}/input", {"data": base64.b64encode(data).decode()})


def test_bytes_arrive_exactly_and_in_order_also_more_than_a_terminal_holds(shell: House) -> None:
    whole = bytes(range(256)) + os.urandom(200_000)
    run_id = start_run(shell, _KEEP.format(size=len(whole)))["runId"]
    _ready(shell, run_id)
    for start in range(0, len(whole), 70_000):
        _type(shell, run_id, whole[start : start + 70_000])
    assert shell.wait_for_run(run_id)["exitCode"] == 6
    assert (shell.folder / "typed").read_bytes() == whole


def test_text_is_a_line_with_enter_at_its_end(shell: House) -> None:
    run_id = start_run(shell, 'read -r line; echo "got $line"')["runId"]
    wait_running(shell, run_id)
    assert shell.api("POST", f"runs/{run_id}/input", {"text": "täglich\r"}) == {"success": True}
    assert shell.wait_for_run(run_id)["stdout"] == "täglich\ngot täglich\n"


def test_a_key_that_means_a_signal_is_one(shell: House) -> None:
    run_id = start_run(shell, "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done")["runId"]
    _ready(shell, run_id)
    _type(shell, run_id, b"\x03")
    assert shell.wait_for_run(run_id)["exitCode"] == 9


def test_input_goes_on_after_a_restart_of_the_server(shell: House) -> None:
    run_id = start_run(shell, _KEEP.format(size=6))["runId"]
    _ready(shell, run_id)
    _type(shell, run_id, b"one")
    shell.kill9()
    shell.start()
    wait_running(shell, run_id)  # what was known of it may not have been written down yet
    _type(shell, run_id, b"two")
    shell.wait_for_run(run_id)
    assert (shell.folder / "typed").read_bytes() == b"onetwo"


def test_a_run_that_cannot_be_typed_into_says_why(shell: House) -> None:
    make_profile(shell, "pipes", requiresTTY=False)
    shell.api("PATCH", "settings", {"maxConcurrentRuns": 1})
    piped, queued = (start_run(shell, "sleep 60", profile)["runId"] for profile in ("pipes", "sh"))
    wait_running(shell, piped)
    for run_id, code in ((piped, "no_terminal"), (queued, "not_started")):
        assert shell.api("POST", f"runs/{run_id}/input", {"text": "x"}, expect=409)["code"] == code
        shell.api("POST", f"runs/{run_id}/kill")
    shell.wait_for_run(queued)
    assert shell.api("POST", f"runs/{queued}/input", {"text": "x"}, expect=409)["code"] == "already_finished"
    shell.api("POST", "runs/00000000000000000000/input", {"text": "x"}, expect=404)


@pytest.mark.parametrize(
    "body",
    [{}, {"text": "a", "data": "YQ=="}, {"data": "no base64!"}, {"text": 5}, {"text": "a", "more": 1}, [],
     {"data": base64.b64encode(bytes(1024 * 1024 + 1)).decode()}],
)  # fmt: skip
def test_input_that_is_malformed_is_refused(shell: House, body: object) -> None:
    run_id = start_run(shell, "exit 0")["runId"]
    assert shell.api("POST", f"runs/{run_id}/input", body, expect=400)["error"]
