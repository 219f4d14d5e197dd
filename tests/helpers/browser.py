"""Where the tests of the page find their browser and the accessibility checker."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_path() -> str:
    """Return the path of an installed Chromium; `python3 tests/run.py` sees to it that there is one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, "no Chromium on PATH; python3 tests/run.py says what to install"
    return found


def axe_source() -> str:
    """Return the source of axe-core, in the version that zipapp/package-lock.json pins."""
    build = runpy.run_path(str(ROOT / "zipapp/build.py"))
    folder: Path = build["fetch"]("browser", build["BROWSER_LOCK"], build["fetch_browser"])
    return (folder / "node_modules/axe-core/axe.min.js").read_text("utf-8")
