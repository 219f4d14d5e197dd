"""Analytics over real runs: by time, profile, prompt, schedule, directory and agent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.runs import make_profile, start_run
from tests.helpers.server import API, House


@pytest.fixture
def worked(house: House) -> House:
    """A house in which some runs went well and some did not."""
    make_profile(house, name="Shell one")
    make_profile(house, "other", 'sh -c "$PROMPT"', agentType="aider", name="Other")
    make_profile(house, "third", 'sh -c "$PROMPT"', name="Third")
    prompt = house.api("POST", "prompts", {"name": "Always", "content": "true", "agentProfileId": "sh"}, expect=201)
    for _ in range(2):
        house.wait_for_run(house.api("POST", "run", {"promptId": prompt["id"]}, expect=201)["runId"])
    for script, profile in (("exit 3", "sh"), ("true", "other"), ("true", "third")):
        house.wait_for_run(start_run(house, script, profile, workingDirectory="/")["runId"])
    house.api("DELETE", "profiles/third")
    return house


def _of(rows: list[Any], **wanted: Any) -> Any:
    [found] = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


def test_analytics_when_runs_were_made_then_the_figures_are_theirs(worked: House) -> None:
    found = worked.api("GET", "analytics")
    totals = found["totals"]
    assert (totals["runs"], totals["completed"], totals["failed"], totals["successRate"]) == (5, 4, 1, 0.8)
    assert totals["averageSeconds"] > 0
    assert found["step"] == "day" and len(found["series"]) == 30
    assert sum(bucket["runs"] for bucket in found["series"]) == 5
    assert found["series"][-1]["runs"] >= 1
    assert found["series"][0]["begin"] == found["from"] and found["series"][-1]["end"] == found["to"]
    own = _of(found["profiles"], name="Shell one")
    assert (own["runs"], own["failed"], round(own["successRate"], 2)) == (3, 1, 0.67)
    assert _of(found["profiles"], name="Third")["runs"] == 1, "as its newest run names it"
    prompt = _of(found["prompts"], name="Always")
    assert (prompt["runs"], prompt["successRate"]) == (2, 1.0)
    assert worked.api("GET", f"runs/{prompt['lastRunId']}")["promptName"] == "Always"
    assert _of(found["directories"], path="/")["runs"] == 3
    assert _of(found["agents"], agentType="aider")["runs"] == 1
    assert found["schedules"] == []
    assert [row["runs"] for row in found["profiles"]] == sorted(
        (row["runs"] for row in found["profiles"]), reverse=True
    )


def test_analytics_when_the_range_has_no_runs_then_all_is_nought(worked: House) -> None:
    found = worked.api("GET", "analytics?from=2020-01-01&to=2020-03-31&timezone=America/New_York")
    assert (found["totals"]["runs"], found["totals"]["successRate"]) == (0, None)
    assert found["profiles"] == found["directories"] == []
    assert found["timezone"] == "America/New_York"


@pytest.mark.parametrize("query", ["from=x", "timezone=Nowhere", "from=2026-02-01&to=2026-01-01", "colour=red"])
def test_analytics_when_the_question_is_wrong_then_it_is_refused(house: House, query: str) -> None:
    assert house.request("GET", f"{API}/analytics?{query}").status == 400


@pytest.mark.parametrize(
    "asked", ["to=0001-01-01", "to=0001-01-02&days=1", "from=0001-01-01&to=0010-01-01", "from=1960-01-01"]
)
def test_range_when_before_all_history_then_refused(house: House, asked: str) -> None:
    refused = house.api("GET", f"analytics?{asked}", expect=400)
    assert any("1970" in reason for reason in refused["fields"].values())
