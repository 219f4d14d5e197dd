"""Recordings played in real runs: server, shim, a pty of that size, the clean text over HTTP."""

from __future__ import annotations

import shlex

import pytest

from tests.helpers.runs import make_profile, raw_output, start_run
from tests.helpers.server import API, House
from tests.transcript.test_recordings import FOLDER, NAMES, recording, without_final_newline


@pytest.mark.slow
def test_recordings_played_in_real_runs_have_the_text_the_terminal_held(house: House) -> None:
    runs = {}
    profiles: set[str] = set()
    for name in NAMES:
        _, facts, _ = recording(name)
        slug = f"at{facts['cols']}x{facts['rows']}"
        if slug not in profiles:
            make_profile(house, slug, cols=facts["cols"], rows=facts["rows"])
            profiles.add(slug)
        path = shlex.quote(str(FOLDER / f"{name}.raw"))
        runs[name] = start_run(house, f"stty -opost -echo; cat {path}", slug)["runId"]
    for name, run_id in runs.items():
        data, _, expected = recording(name)
        house.wait_for_run(run_id, within=60)
        text = house.request("GET", f"{API}/runs/{run_id}/log").body.decode()
        assert raw_output(house, run_id) == data, name
        assert without_final_newline(text, name) == expected.rstrip("\n"), name
