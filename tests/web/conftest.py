"""A real browser for the tests of the page; a page that broke its policy or threw anything fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.helpers.browser import browser_path
from tests.helpers.server import TOKEN, House

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
expect.set_options(timeout=20_000)  # a browser beside other tests may be slow; who waits for nothing does not notice
EXPECTED = "Failed to load resource"  # the browser logs every refusal; the page handles them
SHELL = {
    "name": "Shell",
    "slug": "shell",
    "agentType": "custom",
    "invocationTemplate": 'bash -c "$PROMPT"',
    "maxTimeout": 60,
}
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages threw, and what their policy refused; there must be nothing at the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def screen() -> dict[str, Any]:
    """What a test wants of its screen, as options of a browser's context."""
    return {}


@pytest.fixture
def context(browser: Browser, screen: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser profile of its own: no cookies, no storage."""
    made = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", **screen})
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def visit(context: BrowserContext, house: House, complaints: list[str]) -> Visit:
    """Open the page at a place, logged in unless told otherwise: `visit("#/history")`."""

    def open_page(place: str = "", *, log_in: bool = True, token: str = TOKEN) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack}"))
        page.on("console", lambda message: _note(message, complaints))
        page.goto(f"{house.url}/")
        if log_in and not any(cookie["name"] == "airunner_session" for cookie in context.cookies()):
            page.get_by_label("Access token").fill(token)
            page.get_by_role("button", name="Log in").click()
        if log_in:
            page.locator(".bar").wait_for(state="visible")
        if place:
            page.goto(f"{house.url}/{place}")
        return page

    return open_page


@pytest.fixture
def shell(house: House) -> Any:
    """A profile whose prompt is a shell script."""
    return house.api("POST", "profiles", SHELL, 201)


@pytest.fixture
def start(house: House, shell: Any) -> Callable[..., Any]:
    """Start a run of a shell script; wait for its end unless told otherwise."""

    def run(script: str, *, wait: bool = True) -> Any:
        body = {"content": script, "agentProfileId": shell["id"], "workingDirectory": str(house.folder)}
        made = house.api("POST", "run", body, 201)
        return house.wait_for_run(made["runId"]) if wait else made

    return run


def template_of(page: Page) -> Locator:
    """Return the editor's field for the template."""
    return page.get_by_label("Invocation template", exact=True)


def make_profile(house: House, **fields: Any) -> Any:
    """Make a profile through the API."""
    return house.api("POST", "profiles", {**SHELL, **fields}, 201)


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error" and EXPECTED not in message.text:
        complaints.append(message.text)
