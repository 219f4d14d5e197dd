"""The live feed: any number of viewers, raw and clean, every byte, from any offset."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

from tests.helpers.runs import clean_lines, make_profile, raw_output, start_run, wait_running
from tests.helpers.server import API, TOKEN, House
from tests.helpers.wait import until


def test_500_viewers_of_one_run_see_every_byte(shell: House) -> None:
    run_id = start_run(shell, "for i in $(seq 1 60); do echo line $i; sleep 0.05; done")["runId"]
    expected = b"".join(b"line %d\r\n" % number for number in range(1, 61))
    seen = [b""] * 500
    with _Viewers(shell, run_id, seen) as viewers:
        viewers.follow_all()
    assert all(data == expected for data in seen)
    assert shell.wait_for_run(run_id)["status"] == "completed"


class _Viewers:
    """Many connections, each with one long-poll under way; a few threads drive them."""

    def __init__(self, house: House, run_id: str, seen: list[bytes]) -> None:
        self._house, self._run_id, self._seen = house, run_id, seen
        self._connections = [house.connect() for _ in seen]

    def __enter__(self) -> _Viewers:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.close()

    def follow_all(self) -> None:
        count = 25
        threads = [
            threading.Thread(target=self._follow, args=(range(first, len(self._seen), count),))
            for first in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _follow(self, mine: range) -> None:
        waiting = list(mine)
        while waiting:
            for number in waiting:
                self._ask(number)
            waiting = [number for number in waiting if not self._take(number)]

    def _ask(self, number: int) -> None:
        target = f"{API}/runs/{self._run_id}/output?view=raw&from={len(self._seen[number])}&wait=25"
        self._connections[number].request("GET", target, headers={"Authorization": f"Bearer {TOKEN}"})

    def _take(self, number: int) -> bool:
        answer = json.loads(self._connections[number].getresponse().read())
        self._seen[number] += base64.b64decode(answer["data"])
        return bool(answer["done"])


def test_a_viewer_that_comes_late_or_at_any_offset_gets_the_rest(shell: House) -> None:
    run_id = start_run(shell, "seq 1 2000")["runId"]
    whole = raw_output(shell, run_id)
    for offset in (0, 1, 100, len(whole) - 1, len(whole)):
        answer = shell.api("GET", f"runs/{run_id}/output?view=raw&from={offset}")
        assert base64.b64decode(answer["data"]) == whole[offset:]
        assert (answer["next"], answer["done"], answer["status"]) == (len(whole), True, "completed")


def test_a_poll_without_news_waits_and_answers_when_its_time_is_up(shell: House) -> None:
    run_id = start_run(shell, "sleep 60")["runId"]
    wait_running(shell, run_id)
    before = time.monotonic()
    answer = shell.api("GET", f"runs/{run_id}/output?view=raw&from=0&wait=1")
    assert 0.9 < time.monotonic() - before < 5
    assert (answer["data"], answer["next"], answer["done"], answer["status"]) == ("", 0, False, "running")
    assert shell.api("GET", f"runs/{run_id}/output?view=raw&from=0")["data"] == ""
    shell.api("POST", f"runs/{run_id}/kill")


def test_a_parked_viewer_is_told_the_end(shell: House) -> None:
    run_id = start_run(shell, "sleep 0.5; exit 4")["runId"]
    answer = shell.api("GET", f"runs/{run_id}/output?view=raw&from=0&wait=30")
    assert answer["done"] is True
    assert answer["status"] == "failed"


def test_the_clean_feed_keeps_what_stays_and_sends_what_changed(shell: House) -> None:
    script = "echo first; for i in 1 2 3 4; do printf '\\rspin %d' $i; sleep 0.3; done; echo; echo last"
    run_id = start_run(shell, script)["runId"]
    lines: list[str] = []
    have, sizes, done = "", [], False
    while not done:
        answer = shell.api("GET", f"runs/{run_id}/output?view=clean&have={have}&wait=20")
        lines[answer["keep"] :] = [line["t"] for line in answer["lines"]]
        sizes.append(len(answer["lines"]))
        have, done = answer["version"], answer["done"]
    assert lines == ["first", "spin 4", "last"]
    assert sizes.count(1) >= 3  # a spinner costs one line an update


def test_an_unknown_version_starts_over(shell: House) -> None:
    run_id = start_run(shell, "echo a; echo b")["runId"]
    assert clean_lines(shell, run_id) == ["a", "b"]
    for have in ("nonsense", "0000.1.1", "..."):
        answer = shell.api("GET", f"runs/{run_id}/output?view=clean&have={have}")
        assert (answer["keep"], [line["t"] for line in answer["lines"]]) == (0, ["a", "b"])


def test_long_clean_output_comes_in_portions(shell: House) -> None:
    run_id = start_run(shell, "seq 1 20000")["runId"]
    shell.wait_for_run(run_id)
    answer = shell.api("GET", f"runs/{run_id}/output?view=clean")
    assert answer["more"] is True
    assert len(answer["lines"]) <= 5000
    assert clean_lines(shell, run_id) == [str(number) for number in range(1, 20001)]


def test_windows_and_downloads(shell: House) -> None:
    run_id = start_run(shell, "seq 1 100; printf 'no newline'")["runId"]
    shell.wait_for_run(run_id)
    window = shell.api("GET", f"runs/{run_id}/lines?from=10&count=3")
    assert ([line["t"] for line in window["lines"]], window["total"]) == (["11", "12", "13"], 101)
    log = shell.request("GET", f"{API}/runs/{run_id}/log")
    assert log.body.decode() == "".join(f"{number}\n" for number in range(1, 101)) + "no newline"
    assert log.headers["content-disposition"] == f'attachment; filename="airunner-{run_id}.log"'
    raw = shell.request("GET", f"{API}/runs/{run_id}/log?raw=1").body
    assert raw == b"".join(b"%d\r\n" % number for number in range(1, 101)) + b"no newline"
    record = shell.request("GET", f"{API}/runs/{run_id}/log?format=json").json
    assert record["stdout"] == log.body.decode()


def test_the_cast_has_header_and_every_byte(shell: House) -> None:
    run_id = start_run(shell, "printf 'é\\n'; sleep 0.2; echo two")["runId"]
    shell.wait_for_run(run_id)
    lines = shell.request("GET", f"{API}/runs/{run_id}/log?format=cast").body.decode().splitlines()
    assert json.loads(lines[0]) == {"version": 2, "width": 120, "height": 40}
    events = [json.loads(line) for line in lines[1:]]
    assert "".join(event[2] for event in events) == "é\r\ntwo\r\n"
    assert events[-1][0] > events[0][0]


def test_a_damaged_index_of_times_costs_times_and_no_output(shell: House) -> None:
    run_id = start_run(shell, "echo one; sleep 0.2; echo two")["runId"]
    shell.wait_for_run(run_id)
    timing = next((shell.data / "runs").rglob(f"{run_id}/timing"))
    for damage in (b"\xff" * 100, b"\xff" * 24 + timing.read_bytes(), b"", b"[]"):
        timing.write_bytes(damage)
        assert shell.api("GET", f"runs/{run_id}")["stdout"] == "one\ntwo\n"
        for form in ("cast", "json"):
            assert shell.request("GET", f"{API}/runs/{run_id}/log?format={form}").status == 200
    timing.write_bytes(b"\xff" * 100)
    cast = shell.request("GET", f"{API}/runs/{run_id}/log?format=cast").body.decode().splitlines()
    assert "".join(json.loads(line)[2] for line in cast[1:] if json.loads(line)[1] == "o") == "one\r\ntwo\r\n"


def test_bytes_that_are_no_text_survive_in_raw(shell: House) -> None:
    make_profile(shell, "bytes", 'printf "a\\000b\\377\\303" ; : "$PROMPT"', requiresTTY=False)
    run_id = start_run(shell, "x", "bytes")["runId"]
    assert raw_output(shell, run_id) == b"a\0b\xff\xc3"
    stdout = shell.wait_for_run(run_id)["stdout"]
    assert "\0" not in stdout
    assert "�" in stdout


def test_a_capped_middle_is_announced(shell: House) -> None:
    shell.api("PATCH", "settings", {"maxOutputBytes": 131072})
    run_id = start_run(shell, "seq 1 100000")["runId"]
    shell.wait_for_run(run_id, within=30)
    shell.api("PATCH", "settings", {"maxOutputBytes": 10485760})
    offset, gaps, done = 0, [], False
    while not done:
        answer = shell.api("GET", f"runs/{run_id}/output?view=raw&from={offset}")
        gaps += [answer["omitted"]] if "omitted" in answer else []
        offset, done = answer["next"], answer["done"]
    assert len(gaps) == 1
    answer = shell.api("GET", f"runs/{run_id}/output?view=clean")
    while answer["more"]:
        answer = shell.api("GET", f"runs/{run_id}/output?view=clean&have={answer['version']}")
    assert answer["omitted"] == gaps
    assert answer["lines"][-1]["t"] == "100000"


def test_events_tell_what_changed_and_wait_for_it(shell: House) -> None:
    start = shell.api("GET", "events")
    assert start["events"] == []
    run_id = start_run(shell, "sleep 0.2; echo hi; sleep 0.2")["runId"]
    topics, since = set(), start["next"]

    def poll() -> bool:
        nonlocal since
        answer = shell.api("GET", f"events?since={since}&runs={run_id}&wait=5")
        topics.update(event["topic"] for event in answer["events"] if event["id"] == run_id)
        since = answer["next"]
        return topics == {"runs", "output"}

    until(poll, within=20)
    unknown = shell.api("GET", "events?since=other-5")
    assert unknown["reset"] is True


def test_viewers_that_vanish_leave_the_run_and_the_server_alone(shell: House) -> None:
    run_id = start_run(shell, "for i in $(seq 40); do echo $i; sleep 0.03; done")["runId"]
    parts = urlsplit(shell.url)
    for _ in range(50):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.request(
            "GET",
            f"{API}/runs/{run_id}/output?view=raw&from=999999&wait=30",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        connection.close()
    assert shell.wait_for_run(run_id)["stdout"].splitlines()[-1] == "40"
