"""What bodies and answers look like, as JSON Schema 2020-12, for the API's own description."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}


def thing(required: str = "", /, **properties: Schema) -> Schema:
    """Return the schema of an object; `required` names fields, blank separated."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required.split()
    return schema


def many(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def one_of(*values: str) -> Schema:
    """Return the schema of one of some words."""
    return {"type": "string", "enum": list(values)}


_MAP: Schema = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
_AGENTS = one_of("claude-code", "codex", "opencode", "gemini-cli", "aider", "custom")
_STATUS = one_of("queued", "running", "completed", "failed", "timeout", "killed", "skipped")
DONE = thing("success", success=FLAG)
TYPED = thing(
    "",
    text={"type": "string", "description": "What is typed; Enter is a carriage return."},
    data={"type": "string", "description": "Bytes instead of text, in base64; at most 1 MB."},
)

PROFILE_FIELDS: dict[str, Schema] = {
    "name": TEXT,
    "slug": TEXT,
    "agentType": _AGENTS,
    "invocationTemplate": {
        "type": "string",
        "description": "Shell code that holds $PROMPT or $PROMPT_FILE, unless promptVia is stdin.",
    },
    "defaultTimeout": {"type": "number", "description": "Minutes."},
    "maxTimeout": {"type": "number", "description": "Minutes."},
    "shell": TEXT,
    "promptVia": {
        "enum": ["argument", "file", "stdin", None],
        "description": "How the prompt reaches the command; null: the way that the template uses.",
    },
    "runAsUser": {
        **MAYBE_TEXT,
        "description": "The user that the command runs as; null: the server's. Another one only where the server is root.",
    },
    "env": {**_MAP, "description": "Shown masked. null removes a name, the mask leaves its value as it is."},
    "enabled": FLAG,
    "icon": MAYBE_TEXT,
    "requiresTTY": FLAG,
    "stopSignals": many(TEXT),
    "killGraceSeconds": NUMBER,
    "leftovers": one_of("kill", "keep"),
    "limits": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
    "cols": WHOLE,
    "rows": WHOLE,
    "acknowledgedDangers": many(TEXT),
    "whileLocked": {**one_of("wait", "skip"), "description": "What new runs do while the profile is locked."},
}
_LOCKED = {"type": ["object", "null"], "properties": {"since": TIME, "until": TIME, "reason": MAYBE_TEXT, "by": TEXT}}
LOCK = thing(
    "",
    until={**TIME, "description": "Until then; without it and minutes, until it is unlocked."},
    minutes=NUMBER,
    reason=MAYBE_TEXT,
)
PROFILE_CHANGE = thing(**PROFILE_FIELDS)
PROFILE_NEW = thing("name invocationTemplate", **PROFILE_FIELDS)
PROFILE = thing(**PROFILE_FIELDS, lock=_LOCKED, id=TEXT, createdAt=TIME, updatedAt=TIME, revision=WHOLE)
_PROBLEM = thing("code text start end", code=TEXT, text=TEXT, start=WHOLE, end=WHOLE)
DRAFT = thing(
    "",
    invocationTemplate={"type": "string", "description": "Needed where no profile is named."},
    **{name: PROFILE_FIELDS[name] for name in ("shell", "promptVia", "runAsUser")},
)
TRIAL: Schema = {
    **thing("", content={"type": "string", "description": "The prompt; `test` if it is left out."},
            workingDirectory=TEXT, variables=_MAP, dryRun=FLAG),
    "description": "Only the command that gets the prompt is replaced, by one that shows it; all else in the template "
    "runs as it is. A profile that is switched off can be tried by administrators only.",
}  # fmt: skip
_LACK = thing("code text fix", code=TEXT, text=TEXT, fix=TEXT, severity=one_of("error", "warning"))
AGENT = thing(
    "type name command installed path presets problems installHint",
    type=_AGENTS,
    name=TEXT,
    command=TEXT,
    installed=FLAG,
    path={**MAYBE_TEXT, "description": "Where the server's own runs find the program."},
    presets={**many(PROFILE_NEW), "description": "Drafts of profiles."},
    problems=many(_LACK),
    installHint=TEXT,
)
READINESS = thing(
    "ready problems cautions",
    ready=FLAG,
    problems=many(_LACK),
    cautions=many(thing("code text", code=TEXT, text=TEXT)),
)
VERDICT = thing(
    "valid errors warnings dangerous previewCommand testCommand testProblem",
    valid=FLAG,
    errors=many(_PROBLEM),
    warnings=many(_PROBLEM),
    dangerous=many(_PROBLEM),
    previewCommand=TEXT,
    testCommand={"type": "string", "description": "What a quick test would run; empty when there can be none."},
    testProblem={"type": "string", "description": "Why there can be no quick test, else empty."},
)

START = thing(
    "",
    promptId=TEXT,
    content={"type": "string", "description": "The prompt's text, or a file's path with type file-reference."},
    type=one_of("inline", "file-reference"),
    agentProfileId={"type": "string", "description": "Id or slug."},
    workingDirectory=TEXT,
    timeout={"type": "number", "description": "Minutes, fractions allowed."},
    variables={**_MAP, "description": "Values of the prompt's {{NAME}}; text, numbers, true or false."},
    attachments=many(TEXT),
    env=_MAP,
    dryRun=FLAG,
)
DRY = thing("", dryRun=FLAG)
PIN = thing("pinned", pinned=FLAG)
_RUN_FIELDS: dict[str, Schema] = {
    "runId": TEXT,
    "promptId": MAYBE_TEXT,
    "promptName": MAYBE_TEXT,
    "scheduleId": MAYBE_TEXT,
    "agentProfileId": TEXT,
    "agentProfileName": TEXT,
    "agentType": TEXT,
    "workingDirectory": TEXT,
    "pid": {"type": ["integer", "null"], "description": "The command's main process."},
    "status": _STATUS,
    "exitCode": {"type": ["integer", "null"]},
    "signal": MAYBE_TEXT,
    "reason": MAYBE_TEXT,
    "queuedAt": TIME,
    "startedAt": TIME,
    "finishedAt": TIME,
    "scheduledFor": TIME,
    "durationSeconds": MAYBE_NUMBER,
    "triggeredBy": TEXT,
    "startedBy": MAYBE_TEXT,
    "timeout": {"type": "number", "description": "Minutes."},
    "resourceUsage": {"type": ["object", "null"]},
    "attempt": WHOLE,
    "promptSource": {
        "type": ["object", "null"],
        "properties": {"path": TEXT, "commit": MAYBE_TEXT},
        "description": "The file that the prompt was read from, and the commit its repository was at.",
    },
    "node": MAYBE_TEXT,
    "pinned": FLAG,
    "outputBytes": WHOLE,
    "cols": WHOLE,
    "rows": WHOLE,
    "requiresTTY": FLAG,
}
RUN = thing("runId status", **_RUN_FIELDS, promptContent=TEXT, command=TEXT)
RUN_LISTED = thing("runId status", **_RUN_FIELDS, promptPreview=TEXT)
RUN_WITH_OUTPUT = thing(
    "runId status", **_RUN_FIELDS, promptContent=TEXT, command=TEXT, stdout=TEXT, stderr=TEXT, rawOutput=TEXT
)
RUN_PAGE = thing(
    "runs total totalIsMore nextCursor", runs=many(RUN_LISTED), total=WHOLE, totalIsMore=FLAG, nextCursor=MAYBE_TEXT
)
RUN_FILTERS: dict[str, Schema] = {
    "status": {**_STATUS, "description": "Several: repeated, or comma separated."},
    "triggeredBy": TEXT,
    "agentProfileId": TEXT,
    "promptId": TEXT,
    "scheduleId": TEXT,
    "workingDirectory": TEXT,
    "pinned": FLAG,
    "from": {"type": "string", "format": "date-time"},
    "to": {"type": "string", "format": "date-time"},
    "search": {"type": "string", "description": "Literal text, case-insensitive."},
    "sort": {"type": "string", "description": "A field; `-` in front for descending."},
    "limit": WHOLE,
    "cursor": TEXT,
    "offset": WHOLE,
}
_LINE = thing("t s at", t=TEXT, s={"type": "array"}, at=NUMBER)
FEED = {
    "oneOf": [
        thing("version keep lines more status done", version=TEXT, keep=WHOLE, lines=many(_LINE), more=FLAG,
              status=_STATUS, done=FLAG, omitted=many(many(WHOLE))),
        thing("from next data status done", **{"from": WHOLE}, next=WHOLE,
              data={"type": "string", "contentEncoding": "base64"}, status=_STATUS, done=FLAG, omitted=many(WHOLE)),
    ]
}  # fmt: skip
LINES = thing("from total lines", **{"from": WHOLE}, total=WHOLE, lines=many(_LINE))
EVENTS = thing("next reset events", next=TEXT, reset=FLAG, events=many(thing("topic id", topic=TEXT, id=TEXT)))
SETTINGS = thing(
    "",
    defaultWorkingDirectory=MAYBE_TEXT,
    defaultTimeout={"type": "number", "description": "Minutes."},
    maxConcurrentRuns=WHOLE,
    outputRetentionDays=WHOLE,
    recordRetentionDays=WHOLE,
    maxOutputBytes=WHOLE,
    minFreeDiskMB={"type": "integer", "description": "Below so much free disk no run starts; 0: no such floor."},
    logDirectory=MAYBE_TEXT,
    allowedRoots=many(TEXT),
    passEnv=many(TEXT),
    schedulesPaused=FLAG,
    directoryPolicy={**one_of("parallel", "queue"), "description": "queue: runs on one directory wait for each other."},
)
_VARIABLE = thing(
    "name",
    name=TEXT,
    type=one_of("string", "number", "boolean", "choice"),
    description=TEXT,
    default=MAYBE_TEXT,
    required={"type": "boolean", "description": "True unless it says otherwise."},
    choices=many(TEXT),
)
_PROMPT_FIELDS: dict[str, Schema] = {
    "name": TEXT,
    "content": {"type": "string", "description": "The text, or the path of a file that is read when the prompt runs."},
    "type": one_of("inline", "file-reference"),
    "agentProfileId": {"type": "string", "description": "Id or slug."},
    "workingDirectory": MAYBE_TEXT,
    "timeout": {**MAYBE_NUMBER, "description": "Minutes."},
    "tags": many(TEXT),
    "variables": {**many(_VARIABLE), "description": "One that is not listed counts as a required string."},
    "attachments": {**many(TEXT), "description": "Paths of files; the prompt ends with a list of them."},
}
_MADE: dict[str, Schema] = {
    "createdAt": TIME, "updatedAt": TIME, "createdBy": MAYBE_TEXT, "updatedBy": MAYBE_TEXT, "revision": WHOLE,
    "lastRunId": MAYBE_TEXT, "lastRunStatus": MAYBE_TEXT, "lastRunAt": TIME,
}  # fmt: skip
PROMPT_CHANGE = thing(**_PROMPT_FIELDS)
PROMPT_NEW = thing("name content agentProfileId", **_PROMPT_FIELDS)
PROMPT = thing("id", id=TEXT, **_PROMPT_FIELDS, **_MADE, lastRun={"type": ["object", "null"]})
PROMPT_FILTERS: dict[str, Schema] = {
    "search": {"type": "string", "description": "Literal text, case-insensitive: name, text, directory, tags."},
    "tag": {"type": "string", "description": "Several: repeated, or comma separated; a prompt must have all."},
    "agentProfileId": TEXT,
    "workingDirectory": TEXT,
    "type": one_of("inline", "file-reference"),
}
PROMPT_BULK = thing(
    "",
    action=one_of("delete", "tag", "untag"),
    ids=many(TEXT),
    tags=many(TEXT),
    force=FLAG,
    updates=many(thing("id", id=TEXT, revision=WHOLE, **_PROMPT_FIELDS)),
)
PROMPTS_CHANGED = thing("success ids prompts", success=FLAG, ids=many(TEXT), prompts=many({"type": "object"}))
_SCHEDULE_FIELDS: dict[str, Schema] = {
    "name": TEXT,
    "promptId": TEXT,
    "cronExpression": {"type": "string", "description": "Five fields, or a nickname such as @daily."},
    "timezone": {"type": "string", "description": "Of the IANA database; the server's if it is left out."},
    "enabled": FLAG,
    "missedRuns": {**one_of("skip", "runOnce"), "description": "What becomes of times the server was away for."},
    "overlap": {**one_of("skip", "queue", "parallel"), "description": "What a time does while a run is still active."},
    "retries": {"type": "integer", "description": "Further attempts after a failure; 0 unless it says otherwise."},
    "retryDelaySeconds": {"type": "integer", "description": "Before the first of them; doubles with each."},
    "jitterSeconds": {"type": "integer", "description": "A run begins up to so much later."},
    "startDate": TIME,
    "endDate": TIME,
    "disableAfterFailures": {"type": "integer", "description": "Failures in a row that switch it off; 0: never."},
    "variables": _MAP,
    "workingDirectory": MAYBE_TEXT,
    "timeout": {**MAYBE_NUMBER, "description": "Minutes."},
}
SCHEDULE_CHANGE = thing(**_SCHEDULE_FIELDS)
SCHEDULE_NEW = thing("name promptId cronExpression", **_SCHEDULE_FIELDS)
SCHEDULE = thing(
    "id",
    id=TEXT,
    **_SCHEDULE_FIELDS,
    **_MADE,
    promptName=MAYBE_TEXT,
    agentProfileId=MAYBE_TEXT,
    description=TEXT,
    nextRunTime=TIME,
    problem={**MAYBE_TEXT, "description": "Why it could not run the last time."},
    disabledReason={**MAYBE_TEXT, "description": "Why the server switched it off."},
    failures={"type": "integer", "description": "In a row."},
)
SCHEDULES_CHANGED = thing("success schedules", success=FLAG, schedules=many(SCHEDULE))
SCHEDULE_BULK = thing(
    "",
    action=one_of("enable", "disable", "delete"),
    ids=many(TEXT),
    updates={**many(thing("id", id=TEXT, **_SCHEDULE_FIELDS)), "description": "Instead of action and ids."},
)
TOGGLE = thing("", enabled={"type": "boolean", "description": "What it is not, if it is left out."})
RUN_NOW = thing("", workingDirectory=TEXT, timeout=NUMBER, variables=_MAP, env=_MAP, dryRun=FLAG)
PREVIEW = thing(
    "cronExpression",
    **{name: schema for name, schema in _SCHEDULE_FIELDS.items() if name != "name"},
    **{"from": TIME},
    count=WHOLE,
    scheduleId={"type": "string", "description": "The saved schedule that this would be instead of."},
)
PREVIEWED = thing(
    "description timezone nextRuns runsPerDay conflicts selfOverlap",
    description=TEXT,
    timezone=TEXT,
    nextRuns=many(TIME),
    runsPerDay=NUMBER,
    conflicts=many(
        thing("scheduleId name at", scheduleId=TEXT, name=TEXT, cronExpression=TEXT, at=TIME, sentence=TEXT)
    ),
    selfOverlap=MAYBE_TEXT,
)
DIRECTORIES = thing(
    "directories", directories=many(thing("path name", path=TEXT, name=TEXT, lastUsed=TIME, isRepository=FLAG))
)
FILES = thing(
    "path entries",
    path=TEXT,
    parent=MAYBE_TEXT,
    entries=many(thing("name path type", name=TEXT, path=TEXT, type=one_of("directory", "file"))),
)
TOKEN_NEW = thing("name", name=TEXT, role=one_of("viewer", "operator", "admin"), expiresInDays=MAYBE_NUMBER)
TOKEN = thing("id name role", id=TEXT, name=TEXT, role=TEXT, createdAt=TIME, expiresAt=TIME)
TOKEN_SHOWN = thing("id name role token", id=TEXT, name=TEXT, role=TEXT, createdAt=TIME, expiresAt=TIME, token=TEXT)
LOGIN = thing("", code=TEXT, token=TEXT)
SESSION = thing("name role", name=TEXT, role=TEXT, version=TEXT, node=TEXT, timezone=TEXT, home=TEXT, ready=FLAG)
HEALTH = thing("ok", ok=FLAG)
