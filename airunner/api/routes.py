"""Every route of the product on one page."""

from __future__ import annotations

from airunner.api import analytics, dashboard, export, storage, upcoming
from airunner.api import schemas as s
from airunner.api.agents import Agents
from airunner.api.context import Context
from airunner.api.events import Events
from airunner.api.forecast import Forecast
from airunner.api.output import Output
from airunner.api.places import Places
from airunner.api.profiles import Profiles
from airunner.api.prompts import Prompts
from airunner.api.runs import Runs
from airunner.api.schedules import Schedules
from airunner.api.settings import Settings
from airunner.api.system import System
from airunner.api.tokens import Tokens
from airunner.server.router import Route

API = "/api/modules/ai-runner"
_WAIT = {"wait": {"type": "integer", "description": "Seconds to wait for news, at most 60."}}
_FEED = {"view": s.one_of("clean", "raw"), "from": s.WHOLE, "have": s.TEXT, **_WAIT}
_FORCE = {"force": {"type": "string", "enum": ["0", "1"], "description": "Switch off the schedules that need it."}}
_LOG = {"raw": s.WHOLE, "format": s.one_of("log", "cast", "json")}


def routes(context: Context) -> list[Route]:
    """Return the route table. Roles: viewers look, operators run, administrators change what is run."""
    return [
        *_system(context),
        *_profiles(context),
        *_prompts(context),
        *_schedules(context),
        *_runs(context),
        *_rest(context),
    ]


def _system(context: Context) -> list[Route]:
    system = System(context)
    return [
        Route("GET", "/healthz", system.health, None, "Say whether the server works.", answer=s.HEALTH),
        Route("POST", "/api/login", system.log_in, None, "Log a browser in.", body=s.LOGIN, answer=s.SESSION),
        Route("POST", "/api/logout", system.log_out, None, "End the browser's session.", answer=s.DONE),
        Route("GET", "/api/session", system.session, None, "Say who is logged in.", answer=s.SESSION),
        Route("GET", "/api/openapi.json", system.openapi, "viewer", "Describe this API (OpenAPI 3.1)."),
    ]


def _profiles(context: Context) -> list[Route]:
    profiles, agents, base = Profiles(context), Agents(context), f"{API}/profiles"
    return [
        Route("GET", f"{API}/agents", agents.list, "viewer", "List the agents of this machine, with presets.",
              answer=s.many(s.AGENT)),
        Route("GET", f"{base}/:id/readiness", agents.readiness, "viewer", "Say whether a profile can run here.",
              answer=s.READINESS),
        Route("GET", base, profiles.list, "viewer", "List the agent profiles.", answer=s.many(s.PROFILE)),
        Route("POST", base, profiles.create, "admin", "Make a profile.", body=s.PROFILE_NEW, answer=s.PROFILE,
              status=201),
        Route("POST", f"{base}/validate", profiles.validate_draft, "operator", "Judge a template.", body=s.DRAFT,
              answer=s.VERDICT),
        Route("GET", f"{base}/:id", profiles.show, "viewer", "Show a profile, by id or slug.", answer=s.PROFILE),
        Route("PUT", f"{base}/:id", profiles.change, "admin", "Change a profile; what is left out stays.",
              body=s.PROFILE_CHANGE, answer=s.PROFILE),
        Route("PATCH", f"{base}/:id", profiles.change, "admin", "Change a profile; what is left out stays.",
              body=s.PROFILE_CHANGE, answer=s.PROFILE),
        Route("DELETE", f"{base}/:id", profiles.delete, "admin", "Delete a profile.", query=_FORCE, answer=s.DONE),
        Route("POST", f"{base}/:id/validate", profiles.validate, "operator", "Judge a profile's template.",
              body=s.DRAFT, answer=s.VERDICT),
        Route("POST", f"{base}/:id/test", profiles.test, "operator",
              "Try a profile: echo before the command that gets the prompt, all else in its template runs.",
              body=s.TRIAL, answer=s.RUN, status=201),
        Route("POST", f"{base}/:id/duplicate", profiles.duplicate, "admin", "Copy a profile.", answer=s.PROFILE,
              status=201),
        Route("POST", f"{base}/:id/lock", profiles.lock, "operator", "Lock a profile: its runs wait or are skipped.",
              body=s.LOCK, answer=s.PROFILE),
        Route("DELETE", f"{base}/:id/lock", profiles.unlock, "operator", "Unlock a profile.", answer=s.PROFILE),
    ]  # fmt: skip


def _prompts(context: Context) -> list[Route]:
    prompts, base = Prompts(context), f"{API}/prompts"
    return [
        Route("GET", base, prompts.list, "viewer", "List the saved prompts.", query=s.PROMPT_FILTERS,
              answer=s.many(s.PROMPT)),
        Route("POST", base, prompts.create, "operator", "Save a prompt.", body=s.PROMPT_NEW, answer=s.PROMPT,
              status=201),
        Route("POST", f"{base}/bulk", prompts.bulk, "operator", "Delete, tag or untag many prompts.",
              body=s.PROMPT_BULK, answer=s.PROMPTS_CHANGED),
        Route("GET", f"{base}/:id", prompts.show, "viewer", "Show a prompt.", answer=s.PROMPT),
        Route("PUT", f"{base}/:id", prompts.change, "operator", "Change a prompt; what is left out stays.",
              body=s.PROMPT_CHANGE, answer=s.PROMPT),
        Route("PATCH", f"{base}/:id", prompts.change, "operator", "Change a prompt; what is left out stays.",
              body=s.PROMPT_CHANGE, answer=s.PROMPT),
        Route("DELETE", f"{base}/:id", prompts.delete, "operator", "Delete a prompt.", query=_FORCE, answer=s.DONE),
        Route("POST", f"{base}/:id/duplicate", prompts.duplicate, "operator", "Copy a prompt.", answer=s.PROMPT,
              status=201),
    ]  # fmt: skip


def _schedules(context: Context) -> list[Route]:
    schedules, forecast, base = Schedules(context), Forecast(context), f"{API}/schedules"
    return [
        Route("GET", base, schedules.list, "viewer", "List the schedules.", query={"promptId": s.TEXT},
              answer=s.many(s.SCHEDULE)),
        Route("POST", base, schedules.create, "operator", "Make a schedule.", body=s.SCHEDULE_NEW, answer=s.SCHEDULE,
              status=201),
        Route("GET", f"{base}/upcoming", upcoming.Upcoming(context).show, "viewer",
              "Say what is planned for the coming hours, and what meets.", query=upcoming.QUERY,
              answer=upcoming.ANSWER),
        Route("POST", f"{base}/preview", forecast.preview, "viewer", "Say what a schedule would do.", body=s.PREVIEW,
              answer=s.PREVIEWED),
        Route("POST", f"{base}/bulk", schedules.bulk, "operator", "Change many schedules, all or none.",
              body=s.SCHEDULE_BULK, answer=s.SCHEDULES_CHANGED),
        Route("GET", f"{base}/:id", schedules.show, "viewer", "Show a schedule.", answer=s.SCHEDULE),
        Route("PUT", f"{base}/:id", schedules.change, "operator", "Change a schedule; what is left out stays.",
              body=s.SCHEDULE_CHANGE, answer=s.SCHEDULE),
        Route("PATCH", f"{base}/:id", schedules.change, "operator", "Change a schedule; what is left out stays.",
              body=s.SCHEDULE_CHANGE, answer=s.SCHEDULE),
        Route("DELETE", f"{base}/:id", schedules.delete, "operator", "Delete a schedule.", answer=s.DONE),
        Route("POST", f"{base}/:id/toggle", schedules.toggle, "operator", "Switch a schedule on or off.",
              body=s.TOGGLE, answer=s.SCHEDULE),
        Route("POST", f"{base}/:id/run", schedules.run, "operator", "Run a schedule's prompt now.", body=s.RUN_NOW,
              answer=s.RUN, status=201),
        Route("POST", f"{base}/:id/duplicate", schedules.duplicate, "operator", "Copy a schedule, switched off.",
              answer=s.SCHEDULE, status=201),
    ]  # fmt: skip


def _runs(context: Context) -> list[Route]:
    runs, output, base = Runs(context), Output(context), f"{API}/runs"
    shown = {"output": s.one_of("tail", "full", "none")}
    window = {"from": s.WHOLE, "count": s.WHOLE}
    return [
        Route("POST", f"{API}/run", runs.start, "operator", "Run a prompt.", body=s.START, answer=s.RUN, status=201),
        Route("GET", base, runs.list, "viewer", "Search the history.", query=s.RUN_FILTERS, answer=s.RUN_PAGE),
        Route("GET", f"{base}/active", runs.active, "viewer", "List queued and running runs.",
              answer=s.many(s.RUN_LISTED)),
        Route("GET", f"{base}/export", export.Export(context).show, "viewer", "Download the history, or a part of it.",
              query=export.QUERY, answer=s.many(s.RUN_LISTED)),
        Route("GET", f"{base}/:runId", runs.show, "viewer", "Show a run with its output.", query=shown,
              answer=s.RUN_WITH_OUTPUT),
        Route("PATCH", f"{base}/:runId", runs.change, "operator", "Pin a run, or let go of it.", body=s.PIN,
              answer=s.RUN),
        Route("POST", f"{base}/:runId/kill", runs.kill, "operator", "End a run and all it started.", answer=s.DONE),
        Route("POST", f"{base}/:runId/input", runs.type_in, "operator", "Type into a running run's terminal.",
              body=s.TYPED, answer=s.DONE),
        Route("POST", f"{base}/:runId/rerun", runs.rerun, "operator", "Run the same again.", body=s.DRY, answer=s.RUN,
              status=201),
        Route("GET", f"{base}/:runId/output", output.follow, "viewer", "Follow the output.", query=_FEED,
              answer=s.FEED),
        Route("GET", f"{base}/:runId/lines", output.lines, "viewer", "Read a window of clean lines.", query=window,
              answer=s.LINES),
        Route("GET", f"{base}/:runId/log", output.log, "viewer", "Download the output.", query=_LOG),
    ]  # fmt: skip


def _rest(context: Context) -> list[Route]:
    events, places, settings, tokens = Events(context), Places(context), Settings(context), Tokens(context)
    since = {"since": s.TEXT, "runs": s.TEXT, **_WAIT}
    return [
        Route("GET", f"{API}/events", events.poll, "viewer", "Wait for changes.", query=since, answer=s.EVENTS),
        Route("GET", f"{API}/analytics", analytics.Analytics(context).show, "viewer",
              "Count runs and rate them, over time and by what they were of.", query=analytics.QUERY,
              answer=analytics.ANSWER),
        Route("GET", f"{API}/dashboard", dashboard.Dashboard(context).show, "viewer",
              "Say what runs, how the last runs went, and what comes next.", answer=dashboard.ANSWER),
        Route("GET", f"{API}/directories", places.directories, "viewer", "List known directories.",
              answer=s.DIRECTORIES),
        Route("GET", f"{API}/files", places.files, "operator", "List a folder.", query={"path": s.TEXT},
              answer=s.FILES),
        Route("GET", f"{API}/storage", storage.Storage(context).show, "viewer",
              "Say how much is kept, and how much room there is.", query=_WAIT, answer=storage.ANSWER),
        Route("GET", f"{API}/settings", settings.show, "viewer", "Show the settings.", answer=s.SETTINGS),
        Route("PUT", f"{API}/settings", settings.change, "admin", "Change settings; what is left out stays.",
              body=s.SETTINGS, answer=s.SETTINGS),
        Route("PATCH", f"{API}/settings", settings.change, "admin", "Change settings; what is left out stays.",
              body=s.SETTINGS, answer=s.SETTINGS),
        Route("GET", f"{API}/tokens", tokens.list, "admin", "List the access tokens.", answer=s.many(s.TOKEN)),
        Route("POST", f"{API}/tokens", tokens.create, "admin", "Make a token; it is shown once.", body=s.TOKEN_NEW,
              answer=s.TOKEN_SHOWN, status=201),
        Route("DELETE", f"{API}/tokens/:id", tokens.revoke, "admin", "Revoke a token.", answer=s.DONE),
    ]  # fmt: skip
