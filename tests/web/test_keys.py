"""Keys from the page to a running agent: what people press, and nothing that the terminal says by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.runs import wait_running
from tests.helpers.server import House
from tests.web.conftest import Visit

# Shows each byte that comes, as hexadecimal, until a "q".
ECHO = r"""stty raw -echo; printf 'ready\r\n'
exec python3 -u -c "
import os
while (byte := os.read(0, 1)):
    os.write(1, b'<%02x>' % byte[0])
    if byte == b'q':
        break
" """


@pytest.fixture
def typing(visit: Visit, house: House, start: Any) -> Callable[[str], tuple[Page, str]]:
    """Start a script, and open its terminal."""

    def begin(script: str) -> tuple[Page, str]:
        run_id = start(script, wait=False)["runId"]
        wait_running(house, run_id)
        page = visit(f"#/history/{run_id}")
        page.get_by_role("button", name="Terminal").click()
        expect(page.locator(".xterm-rows")).to_contain_text("ready")
        return page, run_id

    return begin


def test_keys_go_to_the_agent_as_they_are_pressed(typing: Any, house: House) -> None:
    page, run_id = typing(ECHO)
    page.locator(".term").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Keys go to the agent. Ctrl+] leaves.")).to_be_visible()
    for key in ("h", "?", "Control+Space", "Enter", "ArrowUp", "Escape", "Tab", "Control+k", "Control+c", "r"):
        page.keyboard.press(key)
    page.keyboard.insert_text("é")
    wanted = "<68><3f><00><0d><1b><5b><41><1b><09><0b><03><72><c3><a9>"
    expect(page.locator(".xterm-rows")).to_contain_text(wanted)
    assert page.get_by_role("dialog", name="Search or run").count() == 0
    assert page.locator(".drawer").is_visible()  # Esc was the agent's
    page.keyboard.press("Control+]")
    expect(page.locator(".term")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or run")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clean", exact=True).click()
    page.keyboard.press("i")
    expect(page.get_by_text("Keys go to the agent. Ctrl+] leaves.")).to_be_visible()
    page.keyboard.press("q")
    assert house.wait_for_run(run_id)["status"] == "completed"
    expect(page.locator(".term-keys")).to_be_hidden()


def test_keys_when_the_program_asks_the_terminal_then_the_page_does_not_answer(typing: Any, house: House) -> None:
    ask = r"printf '\e[c\e[>c\e[6n\e[?6n\e[5n\e[?1004h\e[?1000h\e[?1006h\e]11;?\e\\\e[18t\e[?25$p\eP$qm\e\\'; "
    page, run_id = typing(ask + ECHO)
    page.locator(".term").focus()
    for key in ("PageDown", "Enter", "Control+]", "Enter"):  # focus comes and goes, which it would tell
        page.keyboard.press(key)
    page.mouse.wheel(0, 50)
    page.keyboard.press("q")
    run = house.wait_for_run(run_id)
    assert "ready<71>" in "".join(run["stdout"].split())


@pytest.mark.parametrize("screen", [{"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 740}}])
def test_keys_of_a_telephone_reach_the_agent(typing: Any, house: House) -> None:
    page, run_id = typing(ECHO)
    page.get_by_role("button", name="Control and C").tap()
    page.get_by_role("button", name="Up", exact=True).tap()
    page.keyboard.press("q")
    assert "<03><1b><5b><41><71>" in house.wait_for_run(run_id)["stdout"]


def test_keys_when_pasted_come_whole_and_in_order(typing: Any, house: House) -> None:
    page, run_id = typing("printf ready; cat > pasted.txt")
    text = "".join(f"line {number} of a longer text\n" for number in range(40))
    page.locator(".xterm-screen").click()
    page.evaluate(
        """text => {
        const data = new DataTransfer();
        data.setData('text/plain', text);
        const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector('.xterm-helper-textarea').dispatchEvent(paste);
    }""",
        text,
    )
    page.keyboard.press("Control+d")
    assert house.wait_for_run(run_id)["status"] == "completed"
    assert (house.folder / "pasted.txt").read_text() == text


def test_keys_of_whoever_may_only_look_stay_here(visit: Visit, house: House, start: Any) -> None:
    made = house.api("POST", "tokens", {"name": "eyes", "role": "viewer"}, 201)
    run_id = start("echo ready; sleep 600", wait=False)["runId"]
    wait_running(house, run_id)
    page = visit(f"#/history/{run_id}", token=made["token"])
    page.get_by_role("button", name="Terminal").click()
    expect(page.locator(".xterm-rows")).to_contain_text("ready")
    expect(page.locator(".term-keys")).to_be_hidden()
    house.api("POST", f"runs/{run_id}/kill")


def test_keys_when_the_run_does_not_take_them_say_so(typing: Any, house: House) -> None:
    page, run_id = typing("echo ready; sleep 600")
    page.route("**/input", lambda route: route.fulfill(status=503, json={"error": "The store is away.", "code": "x"}))
    page.locator(".xterm-screen").click()
    page.keyboard.press("a")
    expect(page.locator(".term-keys")).to_contain_text("The store is away.")
    house.api("POST", f"runs/{run_id}/kill")
