"""The widget in somebody else's page: what it shows, what it may do, and what it never uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, expect

from tests.helpers.server import House
from tests.helpers.wait import until
from tests.web.conftest import Visit
from tests.web.test_access import faults

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1">'


@pytest.fixture
def embed(context: BrowserContext) -> Iterator[Callable[[str], Frame]]:
    """Show an address in a frame of another server's page; return the frame."""

    class Handler(BaseHTTPRequestHandler):
        address = ""

        def do_GET(self) -> None:
            body = f'<!doctype html><title>Elsewhere</title><iframe width="320" height="420" src="{Handler.address}">'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def show(address: str) -> Frame:
        Handler.address = address
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        return until(
            lambda: next((frame for frame in page.frames if frame.url.startswith(address.split("#")[0])), None)
        )

    yield show
    server.shutdown()
    thread.join()
    server.server_close()


def token(house: House, role: str) -> str:
    """Make a token for a widget."""
    return str(house.api("POST", "tokens", {"name": f"widget of a {role}", "role": role}, 201)["token"])


def test_widget_when_a_viewer_embeds_it_then_it_shows_all_and_follows(
    house: House, shell: Any, start: Any, embed: Callable[[str], Frame]
) -> None:
    empty = embed(f"{house.url}/widget#token={token(house, 'viewer')}")
    expect(empty.locator("#widget")).to_have_text("Runs nowNothing runsairunnerNextNothing is scheduled")
    start("exit 3")
    prompt = {"name": HOSTILE, "content": "sleep 60", "agentProfileId": shell["id"], "workingDirectory": "/"}
    saved = house.api("POST", "prompts", prompt, 201)
    house.api("POST", "schedules", {"name": "Nightly", "promptId": saved["id"], "cronExpression": "0 3 * * *"}, 201)
    frame = embed(f"{house.url}/widget#token={token(house, 'viewer')}")
    expect(frame.get_by_text("Nothing runs")).to_be_visible()
    expect(frame.get_by_role("region", name="The last five").get_by_role("listitem")).to_have_count(1)
    expect(frame.get_by_role("region", name="The last five")).to_contain_text("Failed")
    expect(frame.get_by_role("region", name="Next scheduled run")).to_contain_text("Nightly")
    expect(frame.get_by_role("region", name="Next scheduled run")).to_contain_text("in ")
    run_id = house.api("POST", "run", {"promptId": saved["id"]}, 201)["runId"]
    expect(frame.get_by_text("1 running")).to_be_visible()
    expect(frame.get_by_role("link", name=HOSTILE)).to_be_visible()
    expect(frame.get_by_role("button")).to_have_count(0)
    house.api("POST", f"runs/{run_id}/kill")
    expect(frame.get_by_text("Nothing runs")).to_be_visible()
    expect(frame.get_by_role("region", name="The last five").get_by_role("listitem")).to_have_count(2)


def test_widget_when_an_operator_embeds_it_then_the_prompt_used_most_can_be_run(
    house: House, shell: Any, embed: Callable[[str], Frame]
) -> None:
    prompt = {"name": "Triage", "content": "true", "agentProfileId": shell["id"], "workingDirectory": "/"}
    saved = house.api("POST", "prompts", prompt, 201)
    house.wait_for_run(house.api("POST", "run", {"promptId": saved["id"]}, 201)["runId"])
    frame = embed(f"{house.url}/widget#token={token(house, 'operator')}")
    frame.get_by_role("button", name="Run Triage").click()
    expect(frame.get_by_text("Triage was started.")).to_be_visible()
    until(lambda: house.api("GET", "runs")["total"] == 2)


def test_widget_when_its_token_is_missing_or_wrong_then_it_says_so_though_somebody_is_logged_in(
    visit: Visit, house: House, embed: Callable[[str], Frame]
) -> None:
    visit()
    expect(embed(f"{house.url}/widget").get_by_text("needs a token")).to_be_visible()
    expect(embed(f"{house.url}/widget#token=air_wrong").get_by_text("not valid any more")).to_be_visible()


def test_page_itself_when_somebody_frames_it_then_it_is_not_shown(house: House, context: BrowserContext) -> None:
    assert "frame-ancestors 'self'" in house.request("GET", "/").headers["content-security-policy"]
    widget = house.request("GET", "/widget").headers
    assert "frame-ancestors *" in widget["content-security-policy"] and "x-frame-options" not in widget


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_widget(house: House, start: Any, context: BrowserContext, theme: str) -> None:
    start("true")
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 420})
    page.goto(f"{house.url}/widget#token={token(house, 'operator')}&theme={theme}")
    page.locator(".w-run").first.wait_for()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
