"""Figures of the output viewer in a real Chromium: `python3 -m tests.bench.page [NAME…]`. Prints a table, asserts nothing."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.helpers.browser import browser_path
from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import TOKEN, House
from tests.helpers.wait import until

_TEXT = (
    "awk 'BEGIN {{ for (i = 1; i <= {count}; i++) "
    'printf "%sline %06d of the log, request served in %d ms%s\\n", {colour}, i, i % 977, {plain} }}\''
)
LOGS = {
    "200,000 lines": _TEXT.format(count=200_000, colour='""', plain='""'),
    "200,000 in colour": _TEXT.format(
        count=200_000, colour='"\\033[3" (i % 8) "m"', plain='"\\033[0m \\033[1mand bold\\033[0m"'
    ),
    "10 lines of 1 MB": "for i in 0 1 2 3 4 5 6 7 8 9; do seq 1 150000 | tr '\\n' ' ' | head -c 1000000; echo; done",
    "the same in colour": "for i in 0 1 2 3 4 5 6 7 8 9; do seq 1 150000 | "
    "awk '{ printf \"\\033[3%dm%s\\033[0m \", $1 % 8, $1 }' | head -c 1000000; printf '\\033[0m\\n'; done",
}
LIVE = "200,000 live"
COUNTS = {"10 lines of 1 MB": 40, "the same in colour": 20}  # a terminal line ends after 262,144 characters
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
_WATCH = """
window.bench = { tasks: [], first: 0, takeLongest() { const most = Math.max(0, ...this.tasks); this.tasks = []; return most; } };
new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => bench.tasks.push(duration)))
  .observe({ type: "longtask", buffered: true });
"""
_FIRST = """
bench.tasks = [];
bench.from = performance.now();
bench.first = 0;
new MutationObserver((changes, self) => {
  if (!document.querySelector(".ln")) return;
  self.disconnect();
  requestAnimationFrame(() => (bench.first = performance.now() - bench.from));
}).observe(document.body, { childList: true, subtree: true });
"""
_SCROLL = """async () => {
  const log = document.querySelector(".log");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  log.scrollTop = 0;
  await frame();
  bench.tasks = [];
  for (let step = 1; step <= 300; step += 1) {
    log.scrollTop = step % 3 ? log.scrollTop + 500 : (log.scrollHeight * step) / 300;
    await frame();
  }
  await frame();
}"""


class Tab:
    """One page and its measures."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable")

    def longest(self) -> float:
        """Return the longest task since the last call, in ms; shorter ones than 50 are not told."""
        return float(self.page.evaluate("bench.takeLongest()"))

    def heap(self) -> float:
        """Return what JavaScript holds, in MB, after a collection."""
        self._cdp.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in self._cdp.send("Performance.getMetrics")["metrics"]}
        return float(metrics["JSHeapUsedSize"]) / 1024**2

    def open(self, place: str) -> None:
        """Go to a place of the page, with the clock running."""
        self.page.evaluate(_FIRST)
        self.page.evaluate("(place) => { location.hash = place; }", place)

    def wait(self, condition: str, seconds: float = 120.0) -> None:
        """Wait until something is true in the page."""
        until(lambda: self.page.evaluate(f"Boolean({condition})"), within=seconds, every=0.05)


@contextmanager
def opened(browser: Browser, house: House) -> Iterator[Tab]:
    """A page of its own, logged in, at a view without output."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(f"{house.url}/#/settings/tokens")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    page.locator(".set-page h1").wait_for()
    yield Tab(page)
    context.close()


def measure(tab: Tab, run_id: str, name: str, house: House) -> dict[str, float]:
    """Open a run, wait for all of it, scroll through it, search it."""
    figures = {}
    began = time.monotonic()
    if name == LIVE:
        tab.open(f"#/run/{run_id}")
        (house.folder / "go").touch()
    else:
        tab.open(f"#/history/{run_id}")
    tab.wait("bench.first > 0")
    figures["first line"] = float(tab.page.evaluate("bench.first"))
    count = COUNTS.get(name, 200_000)
    tab.wait(f"document.querySelector('.vw-foot')?.textContent.startsWith('{count:,} lines')")
    figures["all, s"] = time.monotonic() - began
    tab.page.wait_for_timeout(300)
    figures["longest, loading"] = tab.longest()
    figures["heap"] = tab.heap()
    tab.page.evaluate(_SCROLL)
    figures["scrolling"] = tab.longest()
    tab.page.get_by_label("Find in output").fill("served" if count > 40 else "1234")
    tab.wait(
        "/\\d/.test(document.querySelector('.tally').textContent) && !document.querySelector('.tally').textContent.includes('+')"
    )
    tab.page.wait_for_timeout(300)
    figures["searching"] = tab.longest()
    for _ in range(10):
        tab.page.keyboard.press("Enter")
    tab.page.wait_for_timeout(300)
    figures["stepping"] = tab.longest()
    figures["heap at the end"] = tab.heap()
    return figures


def wait_ended(house: House, run_id: str) -> None:
    """Wait for a run's end without a look at its output, so that the page is the first to ask for it."""
    until(lambda: house.api("GET", f"runs/{run_id}?output=none")["finishedAt"], within=120, every=0.1)


def make_runs(house: House, names: list[str]) -> dict[str, str]:
    """Make the runs that are asked for; the live one waits for a file."""
    make_profile(house)
    house.api("PATCH", "settings", {"maxOutputBytes": 64 * 1024 * 1024})
    runs = {}
    for name in names:
        script = f"until [ -e go ]; do sleep 0.02; done; {LOGS['200,000 lines']}" if name == LIVE else LOGS[name]
        runs[name] = start_run(house, script)["runId"]
        if name != LIVE:
            wait_ended(house, runs[name])
    return runs


def main() -> None:
    """Print the table: milliseconds, and MB of heap."""
    names = sys.argv[1:] or [*LOGS, LIVE]
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as made, House(Path(made)) as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=_FLAGS)
        for name, run_id in make_runs(house, names).items():
            with opened(browser, house) as tab:
                rows[name] = measure(tab, run_id, name, house)
            print(name, json.dumps({key: round(value, 1) for key, value in rows[name].items()}), flush=True)
        browser.close()
    columns = list(next(iter(rows.values())))
    print(f"\n| | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}")
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(f'{row[column]:,.0f}' for column in columns)} |")


if __name__ == "__main__":
    main()
