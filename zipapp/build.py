"""Builds airunner.pyz: stage, vendor, check, pack. The same sources give the same bytes.

`python3 zipapp/build.py` needs pip (or venv) and npm, and a network only when a lock file changed: what was fetched is
kept in build/cache/. The browser libraries are also laid into web/vendor/, so that a checkout can serve them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = ROOT / "build/cache"
ARCHIVE = ROOT / "airunner.pyz"
MOST_BYTES = 3_000_000
SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = 315532800  # 1980-01-01, the first moment that a zip file can hold

PYTHON_LOCK = (HERE / "vendor.txt",)
BROWSER_LOCK = (HERE / "package.json", HERE / "package-lock.json")
PYTHON_PACKAGES = ("bson", "croniter", "dateutil", "dns", "pymongo")
PYTHON_SUFFIXES = {".py", ".dat"}  # what they read at run time; no C sources, no stubs
WEB_SUFFIXES = {".css", ".html", ".ico", ".js", ".mjs", ".png", ".svg", ".webmanifest", ".woff2"}
BROWSER_FILES = {
    "xterm/xterm.mjs": "@xterm/xterm/lib/xterm.mjs",
    "xterm/xterm.css": "@xterm/xterm/css/xterm.css",
    "xterm/addon-fit.mjs": "@xterm/addon-fit/lib/addon-fit.mjs",
    "xterm/addon-search.mjs": "@xterm/addon-search/lib/addon-search.mjs",
    "markdown-it/markdown-it.min.js": "markdown-it/dist/browser/markdown-it.umd.min.js",
    "highlight/highlight.min.js": "@highlightjs/cdn-assets/es/highlight.min.js",
}
# Any machine takes this one wheel: what is compiled in it is left out.
WHEEL_OF = ("--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--python-version", "3.11")


class BuildError(Exception):
    """The build cannot go on; the message says what to do."""


def main() -> int:
    """Build what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Build airunner.pyz.")
    parser.add_argument("--output", type=Path, default=ARCHIVE, help="the file to write (default: airunner.pyz)")
    parser.add_argument("--libraries", action="store_true", help="only lay the browser libraries into web/vendor/")
    arguments = parser.parse_args()
    try:
        node_modules = fetch("browser", BROWSER_LOCK, fetch_browser) / "node_modules"
        lay_browser_libraries(node_modules, ROOT / "web/vendor")
        if not arguments.libraries:
            build(arguments.output, node_modules)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


def build(output: Path, node_modules: Path) -> None:
    """Write the archive and say what it is."""
    libraries = fetch("python", PYTHON_LOCK, fetch_python)
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="stage-") as folder:
        stage = Path(folder) / "stage"
        fill(stage, libraries, node_modules)
        check_stage(stage)
        packed = Path(folder) / "airunner.pyz"
        pack(stage, packed)
        check_archive(packed)
        fresh = output.with_name(f".{output.name}.{os.getpid()}")
        shutil.copy(packed, fresh)
        fresh.replace(output)
    data = output.read_bytes()
    print(f"{output.name}  {len(data):,} bytes  sha256 {hashlib.sha256(data).hexdigest()}")


# Fetch


def fetch(name: str, locks: tuple[Path, ...], get: Callable[[Path], None]) -> Path:
    """Return the folder with what the lock files name; fetch it when this is the first time."""
    digest = hashlib.sha256()
    for lock in locks:
        digest.update(lock.read_bytes() + b"\0")
    place = CACHE / f"{name}-{digest.hexdigest()[:16]}"
    if place.exists():
        return place
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="fetch-") as folder:
        fetched = Path(folder) / name
        fetched.mkdir()
        get(fetched)
        try:
            fetched.rename(place)
        except OSError:
            if not place.exists():  # another build was quicker
                raise
    return place


def fetch_browser(folder: Path) -> None:
    """Install the packages of the npm lock file, whose integrity values npm checks; no package's script is run."""
    npm = shutil.which("npm")
    if not npm:
        raise BuildError("npm is missing. Install Node.js with npm (Debian: apt-get install nodejs npm).")
    for lock in BROWSER_LOCK:
        shutil.copy(lock, folder)
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def fetch_python(folder: Path) -> None:
    """Download the wheels of vendor.txt, whose hashes pip checks, and unpack what is pure in them."""
    wheels = folder / "wheels"
    command = [*pip(folder), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    run([*command, *WHEEL_OF, "--dest", str(wheels), "--requirement", str(PYTHON_LOCK[0])], folder)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and wanted_of_wheel(Path(name)):
                    archive.extract(name, folder)
    shutil.rmtree(wheels)
    shutil.rmtree(folder / "pip", ignore_errors=True)


def wanted_of_wheel(name: Path) -> bool:
    """Say whether a file of a wheel is packed: Python of the packages, and licences."""
    if name.parts[0] in PYTHON_PACKAGES:
        return name.suffix in PYTHON_SUFFIXES and "tests" not in name.parts
    return name.parts[0].endswith(".dist-info") and is_licence(name)


def is_licence(name: Path) -> bool:
    """Say whether a file says how a library may be used."""
    return name.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "THIRD-PARTY"))


def pip(folder: Path) -> list[str]:
    """Return the command for pip: this Python's, or where it has none that of a new environment."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    run([sys.executable, "-m", "venv", str(folder / "pip")], folder)
    return [str(folder / "pip/bin/python"), "-m", "pip"]


def run(command: list[str], folder: Path) -> None:
    """Run a command; raise BuildError with what it said when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise BuildError(f"`{' '.join(command[:4])} …` failed with exit code {done.returncode}:\n{said}")


# Stage


def fill(stage: Path, libraries: Path, node_modules: Path) -> None:
    """Lay out everything as it will be in the archive."""
    copy(HERE / "entry.py", stage / "__main__.py")
    for source in sorted((ROOT / "airunner").rglob("*.py")):
        copy(source, stage / "airunner" / source.relative_to(ROOT / "airunner"))
    for source in web_files():
        copy(source, stage / "airunner/_web" / source.relative_to(ROOT / "web"))
    lay_browser_libraries(node_modules, stage / "airunner/_web/vendor")
    for package in PYTHON_PACKAGES:
        for source in sorted((libraries / package).rglob("*")):
            if source.is_file():
                copy(source, stage / source.relative_to(libraries))
    for name, source in licences(libraries, node_modules):
        copy(source, stage / "licenses" / name)


def web_files() -> Iterator[Path]:
    """Yield the files of the web page; libraries come from the cache, tests stay at home."""
    for source in sorted((ROOT / "web").rglob("*")):
        inside = source.relative_to(ROOT / "web")
        if source.suffix in WEB_SUFFIXES and inside.parts[0] != "vendor" and not source.name.endswith(".test.js"):
            yield source


def lay_browser_libraries(node_modules: Path, folder: Path) -> None:
    """Copy the browser libraries, without the names of source maps that are not packed."""
    for name, inside in BROWSER_FILES.items():
        lines = (node_modules / inside).read_bytes().splitlines(keepends=True)
        data = b"".join(line for line in lines if not line.startswith(b"//# sourceMappingURL="))
        target = folder / name
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def licences(libraries: Path, node_modules: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name in the archive, file) for the licence of everything that is packed."""
    yield "airunner/LICENSE", ROOT / "LICENSE"
    for source in sorted(libraries.glob("*.dist-info/**/*")):
        if source.is_file() and is_licence(source):
            yield f"{source.relative_to(libraries).parts[0].partition('-')[0]}/{source.name}", source
    for package in browser_packages():
        for source in sorted((node_modules / package).iterdir()):
            if is_licence(source):
                yield f"{package}/{source.name}", source


def browser_packages() -> list[str]:
    """Return the names of the npm packages that the packed files are made of."""
    packages = json.loads(BROWSER_LOCK[1].read_text("utf-8"))["packages"]
    return sorted(
        path.removeprefix("node_modules/") for path, entry in packages.items() if path and not entry.get("dev")
    )


def copy(source: Path, target: Path) -> None:
    """Copy one file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


# Check


def check_stage(stage: Path) -> None:
    """Raise BuildError for what must not be in the archive, or is missing in it."""
    for path in stage.rglob("*"):
        if path.suffix in {".so", ".pyc", ".pyd", ".c", ".h"} or path.name == "__pycache__":
            raise BuildError(f"{path.relative_to(stage)} is compiled, or a source of something compiled.")
    licensed = {str(path.parent.relative_to(stage / "licenses")) for path in (stage / "licenses").rglob("*")}
    for name in ("airunner", "croniter", "dnspython", "pymongo", "python_dateutil", *browser_packages()):
        if name not in licensed:
            raise BuildError(f"{name} has no licence under licenses/.")
    for needed in ("airunner/cli/main.py", "airunner/_web/index.html"):
        if not (stage / needed).is_file():
            raise BuildError(f"{needed} is missing.")


def check_archive(archive: Path) -> None:
    """Raise BuildError when the archive is too large, or its libraries do not work from inside it."""
    size = archive.stat().st_size
    if size > MOST_BYTES:
        raise BuildError(f"the archive has {size:,} bytes; {MOST_BYTES:,} are the most.")
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); import croniter, pymongo, bson, dns.resolver; "
        f"assert all(one.__file__.startswith({str(archive)!r}) for one in (croniter, pymongo)); assert not bson.has_c()"
    )
    run([sys.executable, "-I", "-S", "-c", code], archive.parent)


# Pack


def pack(stage: Path, archive: Path) -> None:
    """Write the archive: names in order, one date, one mode, deflated."""
    epoch = max(int(os.environ.get("SOURCE_DATE_EPOCH") or EPOCH), EPOCH)
    date = time.gmtime(epoch)[:6]
    with archive.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for path in sorted(stage.rglob("*"), key=lambda path: path.relative_to(stage).as_posix()):
                if path.is_file():
                    entry = zipfile.ZipInfo(path.relative_to(stage).as_posix(), date)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.create_system = 3  # Unix: the mode below counts
                    entry.external_attr = 0o100644 << 16
                    packed.writestr(entry, path.read_bytes())
    archive.chmod(0o755)


if __name__ == "__main__":
    raise SystemExit(main())
