"""The plan of the house, held by reading the sources: who may import whom, how long, and what stands nowhere."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "airunner"

# Floor of each room: imports only go downstairs.
FLOORS = {
    "cli": 7,
    "app": 6,
    "api": 5,
    "schedule": 4,
    "engine": 3,
    "store": 2,
    "integrations": 2,
    "shim": 2,
    "domain": 1,
    "server": 1,
    "spool": 1,
    "config": 1,
    "vault": 1,
    "base": 0,
    "transcript": 0,
}
# Who may import whom, as drawn in docs/design.md; `app` may import everything below it.
MAY_IMPORT = {
    "cli": {"app", "api", "config", "shim", "store", "vault", "base"},
    "app": {name for name, floor in FLOORS.items() if floor < FLOORS["app"]},
    "api": {"server", "engine", "schedule", "integrations", "store", "domain", "spool", "vault", "base"},
    "schedule": {"engine", "store", "domain", "base"},
    "engine": {"store", "spool", "transcript", "domain", "vault", "base"},
    "store": {"domain", "base"},
    "integrations": {"domain", "base"},
    "shim": {"spool", "base"},
    "domain": {"base"},
    "server": {"base"},
    "spool": {"base"},
    "config": {"base"},
    "vault": {"base"},
    "base": set(),
    "transcript": set(),
}
# Third parties and sharp tools, each behind named doors.
DOORS = {
    "sqlite3": r"store/sqlite\w*\.py",
    "pymongo": r"store/mongo\w*\.py",
    "bson": r"store/mongo\w*\.py",
    "croniter": r"domain/cron\.py",
    "subprocess": r"shim/(child|nursery)\.py|engine/(shims|shell|syntax)\.py|integrations/(git|crontab)\.py",
    "multiprocessing": r"(?!)",
    "asyncio": r"(?!)",
}
PROCESS_CALLS = {"fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen"}
PROCESS_FILES = DOORS["subprocess"]
THIRD_PARTIES = {"pymongo", "bson", "croniter"}

MOST_LINES, MOST_TEST_LINES, MOST_FUNCTION_LINES = 350, 450, 60
# path -> the reason why this one may be longer
LONG_FILES: dict[str, str] = {}
# path:function -> the reason why this one may be longer
LONG_FUNCTIONS: dict[str, str] = {}

# Put together from pieces, so that this file does not hold them.
FORBIDDEN = [
    *(
        r"\b" + host
        for host in (r"registry\.np" + "mjs", r"py" + r"pi\.org", r"python" + "hosted", r"deb\.deb" + "ian")
    ),
    *("/wo" + "rk/" + name for name in ("main", "shared")),
    "/tmp/" + "brief",
    "/tmp/" + "venv",
    r"/\.py" + "env/",
]
TEXTS = {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml", ".txt", ".json", ".svg", ".yml", ""}
NOT_OURS = {".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"}
NOT_OURS |= {"__pycache__", "build", "node_modules", "vendor"}


def sources(folder: Path = PACKAGE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if not NOT_OURS & set(path.relative_to(ROOT).parts))


def ours() -> list[Path]:
    return [*sources(), *sources(ROOT / "tests"), *sources(ROOT / "zipapp"), ROOT / "airunner.py"]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str | None:
    """Return the room of a module of ours; None for the bare package."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(path: Path, *, at_run_time: bool = False) -> Iterator[str]:
    """Yield every module that a file imports, late ones too; with `at_run_time` without those for types only."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree_of(path)):
        if at_run_time and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped.update(child for part in node.body for child in ast.walk(part))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module


@cache
def modules() -> frozenset[str]:
    return frozenset(module_name(path) for path in sources())


def most_lines(path: Path) -> int:
    """Tests may be a little longer: their parts are read one at a time."""
    return MOST_TEST_LINES if path.is_relative_to(ROOT / "tests") else MOST_LINES


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_floors_when_tables_are_compared_then_each_arrow_goes_down() -> None:
    assert set(MAY_IMPORT) == set(FLOORS)
    wrong = [(room, other) for room, others in MAY_IMPORT.items() for other in others if FLOORS[other] >= FLOORS[room]]
    assert wrong == []


def test_rooms_when_listed_then_each_has_a_floor() -> None:
    rooms = {room_of(module) for module in modules()} - {None}
    assert rooms - set(FLOORS) == set()


@pytest.mark.parametrize("path", sources(), ids=shown)
def test_imports_when_read_then_they_stay_in_the_room_or_go_downstairs(path: Path) -> None:
    room = room_of(module_name(path))
    allowed = MAY_IMPORT.get(room or "", set()) | {room, None}
    used = {module for module in imports(path) if module.split(".")[0] == "airunner"}
    assert {module for module in used if room_of(module) not in allowed} == set()


def test_imports_when_followed_from_file_to_file_then_there_is_no_circle() -> None:
    graph = {
        module_name(path): {name for name in imports(path, at_run_time=True) if name in modules()} for path in sources()
    }
    assert circle(graph) is None


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Return one circle of a graph, or None."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str] | None:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return None
        for following in sorted(graph[name]):
            if found := visit(following, [*way, name]):
                return found
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := visit(name, []))), None)


def test_circle_when_there_is_one_then_it_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


@pytest.mark.parametrize("tool", DOORS)
def test_third_parties_and_sharp_tools_when_imported_then_through_their_door(tool: str) -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in sources()
        if any(name.split(".")[0] == tool for name in imports(path))
    ]
    assert [user for user in users if not re.fullmatch(DOORS[tool], user)] == []


def test_processes_when_started_then_in_named_files_only() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr in PROCESS_CALLS
        and isinstance(node.value, ast.Name)
        and node.value.id in {"os", "pty"}
    }
    assert {user for user in users if not re.fullmatch(PROCESS_FILES, user)} == set()


def test_imports_when_not_ours_then_of_the_standard_library_or_the_known_third_parties() -> None:
    roots = {name.split(".")[0] for path in sources() for name in imports(path, at_run_time=True)}
    assert roots - set(sys.stdlib_module_names) - THIRD_PARTIES - {"airunner"} == set()


@pytest.mark.parametrize("path", ours(), ids=shown)
def test_file_when_measured_then_it_is_no_longer_than_a_file_should_be(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= most_lines(path) or shown(path) in LONG_FILES, f"{lines} lines"


@pytest.mark.parametrize("path", ours(), ids=shown)
def test_functions_when_measured_then_each_fits_on_a_screen(path: Path) -> None:
    long = {
        f"{shown(path)}:{node.name}"
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert long - set(LONG_FUNCTIONS) == set()


def test_waivers_when_no_longer_needed_then_they_are_gone() -> None:
    for name in LONG_FILES:
        assert len((ROOT / name).read_text("utf-8").splitlines()) > most_lines(ROOT / name), name
    for name in LONG_FUNCTIONS:
        file, _, function = name.partition(":")
        lengths = [(node.end_lineno or 0) - node.lineno + 1 for node in functions(ROOT / file) if node.name == function]
        assert max(lengths, default=0) > MOST_FUNCTION_LINES, name


@pytest.mark.parametrize("path", [path for path in ours() if path.stat().st_size], ids=shown)
def test_module_when_opened_then_its_first_line_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), "no docstring"
    assert path.read_text("utf-8").startswith('"""'), "the docstring is not the first line"


@pytest.mark.parametrize("path", sources(), ids=shown)
def test_package_functions_when_public_then_they_are_documented_and_typed(path: Path) -> None:
    for function in functions(path):
        assert function.returns is not None, f"{function.name}: no return type"
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name}: no docstring"


def test_files_when_named_then_each_says_what_it_holds() -> None:
    assert [shown(path) for path in ours() if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []


def texts() -> list[Path]:
    found = [path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in found if path.is_file() and path.suffix in TEXTS and path.name != ".git")


def test_texts_when_searched_then_no_machine_and_no_registry_is_named() -> None:
    pattern = re.compile("|".join(FORBIDDEN))
    named = [
        f"{shown(path)}: {match.group()}"
        for path in texts()
        if (match := pattern.search(path.read_text("utf-8", "replace")))
    ]
    assert named == []
