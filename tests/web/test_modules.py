"""The house rules of the page, held by reading its files: who imports whom, what stands nowhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parent.parent.parent / "web"
SCRIPTS = sorted(path for path in (WEB / "js").rglob("*.js"))
SHEETS = sorted((WEB / "css").glob("*.css"))
PAGE = (WEB / "index.html").read_text("utf-8")

# Who may import whom. A tab's own folder belongs to the tab; nobody imports another tab.
MAY_IMPORT = {
    "main": {"shell", "tabs", "kit", "root"},
    "root": {"root"},
    "shell": {"shell", "kit", "root"},
    "tabs": {"tabs", "output", "kit", "root"},
    "output": {"output", "kit", "root"},
    "kit": {"kit", "root"},
}
ENTRIES = {"main.js", "widget.js"}
# What the kit may know of the rest: words and the ticker, nothing of runs, the API or the address.
KIT_MAY_KNOW = {"format.js", "time.js"}
OUTPUT_MAY_KNOW = {"format.js", "time.js"}
ALONE = {"api.js", "format.js", "prefs.js", "router.js", "theme.js", "time.js", "poll.js", "cache.js", "commands.js"}
MOST_LINES = 350
IMPORT = re.compile(
    r'^(?:import|export)\b[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|new Worker\(new URL\("([^"]+)", import.meta.url\)',
    re.M,
)
CONTEXT = {"api", "live", "prefs", "cache", "commands", "router", "toasts", "announce"}


def name_of(path: Path) -> str:
    """Return a module's name below js/."""
    return path.relative_to(WEB / "js").as_posix()


def room_of(path: Path) -> str:
    """Return the folder of a module; `main` for those that build everything, `root` for the rest beside it."""
    name = name_of(path)
    return "main" if name in ENTRIES else name.split("/")[0] if "/" in name else "root"


@cache
def code_of(path: Path) -> str:
    """Return a file's text."""
    return path.read_text("utf-8")


@cache
def imports_of(path: Path) -> tuple[Path, ...]:
    """Return the modules that a module imports."""
    found = [next(filter(None, places)) for places in IMPORT.findall(code_of(path))]
    return tuple((path.parent / target).resolve() for target in found)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_imports_of_a_module_go_where_the_plan_says(path: Path) -> None:
    for target in imports_of(path):
        assert target.is_file(), f"{name_of(path)} imports {target}, which is not there"
        assert room_of(target) in MAY_IMPORT[room_of(path)], f"{name_of(path)} may not import {name_of(target)}"
        if room_of(path) == "kit" and room_of(target) == "root":
            assert name_of(target) in KIT_MAY_KNOW, f"the kit may not know {name_of(target)}"
        if room_of(path) == "output" and room_of(target) == "root":
            assert name_of(target) in OUTPUT_MAY_KNOW, f"the viewer is handed {name_of(target)}, it does not import it"
        if room_of(path) == room_of(target) == "tabs":
            assert target.parent == path.with_suffix("") or target.parent == path.parent != WEB / "js/tabs", (
                f"{name_of(path)} may not import {name_of(target)}: no tab knows another"
            )


def test_modules_that_stand_alone_import_nothing() -> None:
    assert {name_of(path) for path in SCRIPTS if name_of(path) in ALONE and imports_of(path)} == set()


def test_imports_make_no_circle() -> None:
    done: set[Path] = set()

    def visit(path: Path, above: tuple[Path, ...]) -> None:
        assert path not in above, " -> ".join(name_of(one) for one in (*above, path))
        if path not in done:
            for target in imports_of(path):
                visit(target, (*above, path))
            done.add(path)

    for path in SCRIPTS:
        visit(path, ())


def test_every_module_is_reached_from_the_page() -> None:
    reached = {WEB / "js/theme.js"}
    waiting = [WEB / "js" / name for name in ENTRIES]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(imports_of(path))
    assert {name_of(path) for path in SCRIPTS} == {name_of(path) for path in reached}


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS], ids=lambda path: path.name)
def test_a_file_says_first_what_it_is_for_and_is_not_too_long(path: Path) -> None:
    lines = code_of(path).splitlines()
    assert len(lines) <= MOST_LINES
    first = lines[0] if path.suffix == ".js" else "".join(lines[:5])
    assert re.match(r"// [A-Z]" if path.suffix == ".js" else r".*/\* [A-Za-z]", first), "no sentence about itself"


@pytest.mark.parametrize(
    ("pattern", "allowed", "why"),
    [
        (r"\bfetch\(", {"api.js"}, "requests go through api.js"),
        (r"\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write", set(), "text goes in as text"),
        (r"\beval\(|new Function\(", set(), "the policy forbids it"),
        (r"setAttribute\([\"']style", set(), "styles go in through the CSSOM"),
        (r"\bon(click|input|change|submit|load|error)\s*=\s*[\"'`]", set(), "listeners, not handlers in text"),
        (r"[\"'`]#[0-9a-fA-F]{3,8}[\"'`]|\b(rgba?|hsla?|oklch)\(\s*\d", set(), "colours stand in tokens.css"),
        (r"\bconsole\.|\bdebugger\b|\balert\(|\bconfirm\(|\bprompt\(", set(), "people are told on the page"),
        (r"\blocalStorage\b", {"prefs.js", "theme.js"}, "what is kept goes through prefs.js"),
        (r"\bXMLHttpRequest\b|\bEventSource\b|\bWebSocket\b", set(), "one way to the server"),
    ],
)
def test_what_stands_in_few_places_stands_nowhere_else(pattern: str, allowed: set[str], why: str) -> None:
    found = {name_of(path) for path in SCRIPTS if re.search(pattern, code_of(path))}
    assert found <= allowed, f"{why}: {sorted(found - allowed)}"


def test_colours_stand_in_the_tokens_only() -> None:
    pattern = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(rgba?|hsla?|oklch|lab)\(|:\s*(white|black|red|green|blue|gr[ae]y)\b")
    found = {path.name: pattern.findall(code_of(path)) for path in SHEETS if path.name != "tokens.css"}
    assert not any(found.values()), found


def test_every_custom_property_that_is_used_is_declared() -> None:
    everything = "\n".join(code_of(path) for path in (*SHEETS, *SCRIPTS))
    declared = set(re.findall(r"(--[\w-]+)\s*[:\"]", everything))
    used = set(re.findall(r"var\((--[\w-]+)", everything))
    assert used - declared == set()


def test_sheets_are_layered() -> None:
    layers = re.match(r"@layer ([\w, ]+);", code_of(WEB / "css/tokens.css"))
    assert layers
    names = layers[1].split(", ")
    assert {path.stem for path in SHEETS} == set(names)
    linked = re.findall(r'href="css/(\w+)\.css"', PAGE)
    assert [*linked, "widget"] == names, "the page links the sheets in the order of their layers"
    for path in SHEETS:
        assert f"@layer {path.stem} {{" in code_of(path)


def test_the_page_has_no_inline_script_and_no_inline_style() -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", PAGE) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", PAGE) == []


def test_the_page_links_only_what_is_there_and_is_its_own() -> None:
    links = re.findall(r'(?:src|href)="(?!#)([^"]+)"', PAGE)
    assert links
    for link in links:
        assert not re.match(r"[a-z]+:|/", link), f"{link} would not work below a base path"
        assert (WEB / link).is_file(), link


def test_nothing_is_taken_from_elsewhere() -> None:
    for path in (*SCRIPTS, *SHEETS):
        urls = [url for url in re.findall(r"https?://[^\s\"'`)]+", code_of(path)) if "www.w3.org" not in url]
        assert urls == [], f"{path.name}: {urls}"


@pytest.mark.parametrize("path", sorted((WEB / "js/tabs").glob("*.js")), ids=lambda path: path.stem)
def test_a_tab_exports_its_title_and_how_to_mount_it(path: Path) -> None:
    exported = re.findall(r"^export (?:async )?(?:const|function|class|let) (\w+)", code_of(path), re.M)
    assert exported == ["title", "mount"]


def test_what_is_handed_to_tabs_is_complete_and_no_more() -> None:
    made = re.search(r"const ctx = Object\.freeze\(\{(.+?)\n\}\);", code_of(WEB / "js/main.js"), re.S)
    assert made
    assert set(re.findall(r"^  (\w+)[,:]", made[1], re.M)) == CONTEXT
    used = {name for path in SCRIPTS for name in re.findall(r"\bctx\.(\w+)", code_of(path))}
    assert used <= CONTEXT


def test_every_command_that_is_lent_a_deed_is_in_the_table() -> None:
    table = set(re.findall(r'\{ id: "([\w-]+)"', code_of(WEB / "js/commands.js")))
    asked = {name for path in SCRIPTS for name in re.findall(r'commands\.(?:run|shortcut)\("([\w-]+)"', code_of(path))}
    assert asked and asked <= table
    keys = re.findall(r"keys: \[([^\]]*)\]", code_of(WEB / "js/commands.js"))
    assert len(keys) == len(table)


def test_words_are_plain() -> None:
    for path in SCRIPTS:
        words = " | ".join(one or other for one, other in re.findall(r'"([^"\n]*)"|`([^`\n]*)`', code_of(path)))
        assert not re.search(r"\b(please|successfully|oops|sorry)\b", words, re.I), path.name
        assert not re.search(r"[a-z]!( |$)", words), f"{path.name} raises its voice"
    for path in (*SCRIPTS, *SHEETS, WEB / "index.html"):
        text = path.read_text("utf-8")
        assert not re.search("[\U0001f300-\U0001faff\u2600-\u26ff]", text), f"{path.name} has an emoji"
