"""Global settings: defaults, bounds, merging."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from airunner.base.errors import Invalid
from airunner.domain.settings import Settings
from tests.domain.test_fields import ANYTHING


def test_settings_when_nothing_was_saved_then_they_are_the_defaults() -> None:
    assert Settings.from_doc({}).public() == {
        "defaultWorkingDirectory": None,
        "defaultTimeout": 30,
        "maxConcurrentRuns": 3,
        "outputRetentionDays": 30,
        "recordRetentionDays": 365,
        "maxOutputBytes": 10_485_760,
        "minFreeDiskMB": 200,
        "logDirectory": None,
        "allowedRoots": ["/"],
        "passEnv": [],
        "schedulesPaused": False,
        "directoryPolicy": "parallel",
        "revision": 0,
    }


def test_settings_when_kept_and_read_then_they_are_equal() -> None:
    changed = Settings().merged({"allowedRoots": ["/srv/"], "passEnv": ["HTTPS_PROXY"], "logDirectory": "/var/log/a"})
    assert changed.allowed_roots == ("/srv",)
    assert Settings.from_doc({**changed.public(), "newer": 1}) == changed


def test_merged_when_fields_are_left_out_then_they_stay_and_null_empties_paths() -> None:
    old = Settings(default_working_directory="/srv", log_directory="/log", max_concurrent_runs=7)
    new = old.merged({"logDirectory": None})
    assert (new.default_working_directory, new.log_directory, new.max_concurrent_runs) == ("/srv", None, 7)
    assert old.merged(old.public()) == old


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("maxConcurrentRuns", 0, "maxConcurrentRuns must be at least 1; it is 0."),
        ("maxConcurrentRuns", 1001, "maxConcurrentRuns must be at most 1000; it is 1001."),
        ("maxOutputBytes", 1, "maxOutputBytes must be at least 65536; it is 1."),
        ("minFreeDiskMB", -1, "minFreeDiskMB must be at least 0; it is -1."),
        ("outputRetentionDays", -1, "outputRetentionDays must be at least 0; it is -1."),
        ("outputRetentionDays", 1.5, "outputRetentionDays must be a whole number; it is 1.5."),
        ("defaultTimeout", 0, "defaultTimeout must be more than 0; it is 0."),
        ("allowedRoots", [], "allowedRoots must have 1 to 100 items; it has 0."),
        ("allowedRoots", ["srv"], 'allowedRoots[0] must be an absolute path, such as /srv/app; it is "srv".'),
        ("defaultWorkingDirectory", "~", 'defaultWorkingDirectory must be an absolute path, such as /srv/app; it is "~".'),
        ("maxConcurrentRuns", None, "maxConcurrentRuns must be a number; it is null."),
        ("colour", 1, "colour: unknown field"),
    ],
)  # fmt: skip
def test_merged_when_a_field_is_wrong_then_one_sentence_says_why(field: str, value: object, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        Settings().merged({field: value})
    assert caught.value.message == sentence


@given(ANYTHING)
def test_merged_when_given_anything_then_only_invalid_is_raised(value: Any) -> None:
    for data in (value, dict.fromkeys(Settings().public(), value)):
        try:
            Settings().merged(data)
        except Invalid as error:
            assert error.message
