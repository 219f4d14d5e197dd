"""What is in the archive, and that the same sources give the same bytes."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.helpers.server import ROOT
from tests.zipapp.conftest import build_into


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        return packed.namelist()


def test_build_when_done_twice_then_the_same_bytes_and_no_network_or_npm(archive: Path, tmp_path: Path) -> None:
    done = build_into(tmp_path / "airunner.pyz", PATH="/nonexistent", PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "airunner.pyz").read_bytes()
    assert data == archive.read_bytes()
    assert done.stdout.split()[-1] == hashlib.sha256(data).hexdigest()
    assert f"{len(data):,} bytes" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["airunner.pyz"]


def test_build_when_a_date_is_given_then_every_entry_has_it(tmp_path: Path) -> None:
    done = build_into(tmp_path / "a.pyz", SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "a.pyz") as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_archive_when_opened_then_in_order_deflated_and_plain_files(archive: Path) -> None:
    assert archive.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    assert archive.stat().st_mode & 0o111
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_archive_when_listed_then_nothing_compiled_and_nothing_from_tests(archive: Path) -> None:
    assert [name for name in names(archive) if name.endswith((".so", ".pyc", ".pyd", ".c", ".h", ".map"))] == []
    assert {name.split("/")[0] for name in names(archive)} == {
        "__main__.py", "airunner", "bson", "croniter", "dateutil", "dns", "licenses", "pymongo",
    }  # fmt: skip
    assert archive.stat().st_size <= 3_000_000


def test_archive_when_listed_then_every_module_and_page_file_is_in_it(archive: Path) -> None:
    packed = set(names(archive))
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "airunner").rglob("*.py")}
    assert modules <= packed
    pages = [path for path in (ROOT / "web").rglob("*.*") if "vendor" not in path.parts and path.is_file()]
    assert {f"airunner/_web/{path.relative_to(ROOT / 'web')}" for path in pages} <= packed
    for name in ("xterm/xterm.mjs", "xterm/xterm.css", "markdown-it/markdown-it.min.js", "highlight/highlight.min.js"):
        assert f"airunner/_web/vendor/{name}" in packed


def test_archive_when_listed_then_each_library_has_its_licence(archive: Path) -> None:
    licensed = {name.removeprefix("licenses/").rpartition("/")[0] for name in names(archive) if "licenses/" in name}
    locked = json.loads((ROOT / "zipapp/package-lock.json").read_text())["packages"]
    wanted = {name.removeprefix("node_modules/") for name, entry in locked.items() if name and not entry.get("dev")}
    assert licensed == wanted | {"airunner", "croniter", "dnspython", "pymongo", "python_dateutil"}


def test_locks_when_read_then_every_package_is_pinned_by_its_content() -> None:
    locked = json.loads((ROOT / "zipapp/package-lock.json").read_text())["packages"]
    for name, entry in locked.items():
        if name:
            assert entry["integrity"].startswith("sha512-"), name
            assert "resolved" not in entry, name
    declared = json.loads((ROOT / "zipapp/package.json").read_text())
    for name, version in {**declared["dependencies"], **declared["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    lines = (ROOT / "zipapp/vendor.txt").read_text().splitlines()
    assert all("==" in line and "--hash=sha256:" in line for line in lines if line and not line.startswith("#"))


def test_libraries_when_built_then_a_checkout_serves_them(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for name in names(archive):
            if name.startswith("airunner/_web/vendor/"):
                assert (ROOT / "web" / name.removeprefix("airunner/_web/")).read_bytes() == packed.read(name)


def test_entry_when_python_is_old_then_it_can_be_read_and_refuses_with_a_sentence() -> None:
    source = (ROOT / "zipapp/entry.py").read_text()
    ast.parse(source, feature_version=(3, 3))
    code = f"import sys; sys.version_info = (3, 9, 2); exec({source!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "airunner needs Python 3.11 or newer; this is Python 3.9.\n"
