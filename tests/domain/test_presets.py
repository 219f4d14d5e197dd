"""Presets: each can be saved as it is, asks nothing, and hands its prompt on unchanged."""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airunner.domain.agents import Around, habits, starts_of
from airunner.domain.delivery import errors_of
from airunner.domain.presets import FAMILIES, Family, Preset, family_of
from airunner.domain.profile import AGENT_TYPES, Profile
from airunner.domain.template import read, rewrite

PRESETS = [(family, preset) for family in FAMILIES for preset in family.presets]
OF_AGENTS = [(family, preset) for family, preset in PRESETS if family.type != "custom"]
NOW = datetime(2024, 5, 1, tzinfo=UTC)
PROMPTS = ["hello", "--help", "- one\n- two", 'it\'s "so" $HOME `id` $(id) \\ %s !', "\n two\t\r\n\n", "-" * 100_000]


def test_families_when_listed_then_each_type_of_agent_is_one() -> None:
    assert tuple(family.type for family in FAMILIES) == AGENT_TYPES
    slugs = [preset["slug"] for _, preset in PRESETS]
    assert len(set(slugs)) == len(slugs)
    for family in FAMILIES:
        assert 1 <= len(family.presets) <= 2
        assert {preset["agentType"] for preset in family.presets} == {family.type}
    assert family_of("claude") is FAMILIES[0]
    assert family_of("bash") is None


@pytest.mark.parametrize(("family", "preset"), PRESETS, ids=[preset["slug"] for _, preset in PRESETS])
def test_preset_when_made_a_profile_then_it_is_taken_as_it_is(family: Family, preset: Preset) -> None:
    profile = Profile.from_input(preset, id="x", now=NOW)
    reading = read(profile.invocation_template)
    assert errors_of(profile.invocation_template, reading, profile.prompt_via) == ()
    assert reading.dangers == ()
    assert (profile.slug, profile.env) == (preset["slug"], preset.get("env", {}))


@pytest.mark.parametrize(("family", "preset"), OF_AGENTS, ids=[preset["slug"] for _, preset in OF_AGENTS])
def test_preset_of_an_agent_when_judged_then_nothing_hangs_or_is_misread(family: Family, preset: Preset) -> None:
    (call,) = starts_of(preset["invocationTemplate"]).calls
    assert call.family is family
    around = Around(tty=preset["requiresTTY"], fed=call.fed, env=preset.get("env", {}))
    assert list(habits(call, around)) == []


@pytest.mark.parametrize(("family", "preset"), OF_AGENTS, ids=[preset["slug"] for _, preset in OF_AGENTS])
def test_preset_of_an_agent_when_run_then_its_words_and_the_prompt_arrive_as_they_are(
    family: Family, preset: Preset, tmp_path: Path
) -> None:
    program, file = tmp_path / family.command, tmp_path / "prompt"
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" > words; cat > input\n")
    program.chmod(0o755)
    template = preset["invocationTemplate"]
    expected = shlex.split(template.partition(" < ")[0])[1:]
    for prompt in PROMPTS:
        file.write_bytes(prompt.encode())
        environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PROMPT_FILE": str(file), "PROMPT": prompt}
        command = ["/bin/bash", "-c", rewrite(template)]
        subprocess.run(command, env=environ, cwd=tmp_path, stdin=subprocess.DEVNULL, timeout=20, check=True)
        words = (tmp_path / "words").read_bytes().decode().split("\0")[:-1]
        assert words == [word.replace("$PROMPT", prompt) for word in expected]
        assert (tmp_path / "input").read_bytes().decode() == (prompt if " < " in template else "")


def test_presets_when_codex_is_stopped_then_it_is_interrupted_first() -> None:
    (codex,) = (family for family in FAMILIES if family.type == "codex")
    assert [Profile.from_input(preset, id="x", now=NOW).stop_signals for preset in codex.presets] == [
        ("INT", "TERM")
    ] * 2
