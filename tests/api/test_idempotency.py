"""A key is kept for a day: in a whole house in this process, by a clock that the test moves."""

from __future__ import annotations

import http.client
import json
import os
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from airunner.app.build import House, build
from airunner.base.files import make_private_folder
from airunner.config import load
from airunner.shim.nursery import Source
from airunner.store.open import open_store
from tests.helpers.clock import FakeClock
from tests.helpers.server import API, ROOT
from tests.helpers.wait import until

_TOKEN = "air_token-of-this-test"


def _ask(house: House, path: str, body: object, key: str = "") -> tuple[int, Any]:
    fields = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json", "Idempotency-Key": key}
    with closing(http.client.HTTPConnection(house.url.removeprefix("http://"), timeout=20)) as connection:
        connection.request(
            "POST", f"{API}/{path}", json.dumps(body), {name: text for name, text in fields.items() if text}
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_key_when_a_day_has_passed_then_it_is_new_and_not_before(tmp_path: Path, fake_clock: FakeClock) -> None:
    config = load("serve", {"data": str(tmp_path / "data"), "port": "0"}, {}, uid=os.getuid(), folder=tmp_path)
    make_private_folder(config.data)
    store, source = open_store("sqlite", data_folder=config.data, clock=fake_clock), Source(str(ROOT / "airunner.py"))
    house = build(config, store, source.new_nursery(), source.new_nursery, fake_clock, os.environ, _TOKEN)
    loop = threading.Thread(target=house.server.run)
    loop.start()
    house.conductor.start()
    try:
        _ask(house, "profiles", {"name": "sh", "slug": "sh", "invocationTemplate": 'bash -c "$PROMPT"'})
        run = {"content": "echo x >> starts", "agentProfileId": "sh", "workingDirectory": str(tmp_path)}
        ids = []
        for hours in (0, 23, 2, 23):
            fake_clock.pass_(3600 * hours)
            status, answer = _ask(house, "run", run, "k")
            assert status == 201
            ids.append(answer["runId"])
        assert ids[0] == ids[1] != ids[2] == ids[3]
        until(lambda: not store.active_runs(), within=20)
        assert (tmp_path / "starts").read_text() == "x\nx\n"
    finally:
        house.conductor.stop()
        house.server.stop(0.1)
        loop.join(10)
        house.shims.close()
        store.close()
