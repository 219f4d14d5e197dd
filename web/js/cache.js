// What the page knows of the server's records; every change is one event that views listen to.

const GATHER_MS = 40;
const MANY = 10;

/** Fires "profiles", "prompts", "schedules", "agents", "settings", "active", "run" (detail: the record), "gone" (detail: the id), "stale": read again. */
export class Cache extends EventTarget {
  #api;
  #changed = new Set();
  #timer = 0;
  #loading = new Map();
  #missed = new Set(); // lists that changed while they were read
  #withheld = { prompts: new Map(), schedules: new Map() }; // what is about to be deleted, by its id
  session = null;
  profiles = null;
  prompts = null; // these two are read by the first view that shows them
  schedules = null;
  agents = null; // what is installed on the server's machine: read when somebody asks for it
  settings = null;
  active = [];
  runs = new Map();

  constructor(api, live) {
    super();
    this.#api = api;
    live.addEventListener("events", ({ detail }) => this.#hear(detail));
    live.addEventListener("reset", () => this.refresh());
    live.addEventListener("state", ({ detail }) => detail.online && this.refresh());
    document.addEventListener("visibilitychange", () => this.#gather());
  }

  /** Read a list ("profiles", "prompts", "schedules", "agents", "settings", "active") now; calls at the same time share one request. */
  load(name) {
    if (!this.#loading.has(name)) {
      const request = this.#read(name).finally(() => this.#loading.delete(name));
      this.#loading.set(name, request);
    }
    return this.#loading.get(name);
  }

  /** Read everything that is known again; views do the same for what they show. */
  refresh() {
    const shown = ["prompts", "schedules"].filter((name) => this[name]);
    for (const name of ["profiles", "settings", "active", ...shown]) this.load(name).catch(() => {}); // the banner says it
    this.#fire("stale");
  }

  /** Read one run's record, without its output. */
  async fetchRun(runId) {
    return this.keep(await this.#api.get(`runs/${encodeURIComponent(runId)}`, { output: "none" }));
  }

  /** Remember a record that an answer brought, and tell about it. */
  keep(run) {
    this.runs.set(run.runId, run);
    this.#follow(run);
    this.#followLast("prompts", run.promptId, run);
    this.#followLast("schedules", run.scheduleId, run);
    this.#fire("run", run);
    return run;
  }

  /** Show records of a list ("prompts", "schedules") no more, until they are given back or gone. */
  withhold(name, ids) {
    for (const one of this[name] ?? []) if (ids.includes(one.id)) this.#withheld[name].set(one.id, one);
    this[name] = this.#shown(name, this[name]);
    this.#fire(name);
  }

  /** Show again what was withheld. */
  giveBack(name, ids) {
    const back = ids.map((id) => this.#withheld[name].get(id)).filter(Boolean);
    for (const id of ids) this.#withheld[name].delete(id);
    const known = new Set(this[name]?.map(({ id }) => id));
    if (this[name]) this[name] = [...this[name], ...back.filter(({ id }) => !known.has(id))];
    this.#fire(name);
  }

  /** Forget what was withheld: it is gone. */
  letGo(name, ids) {
    for (const id of ids) this.#withheld[name].delete(id);
  }

  profile(id) {
    return this.profiles?.find((profile) => profile.id === id) ?? null;
  }

  saved(id) {
    return this.prompts?.find((saved) => saved.id === id) ?? null;
  }

  /** The icon that was chosen for a run's profile, if there is one. */
  iconOf(run) {
    return this.profile(run.agentProfileId)?.icon ?? null;
  }

  forget() {
    const lists = { profiles: null, prompts: null, schedules: null, agents: null, settings: null };
    for (const away of Object.values(this.#withheld)) away.clear();
    Object.assign(this, { session: null, ...lists, active: [], runs: new Map() });
  }

  async #read(name) {
    const path = name === "active" ? "runs/active" : name;
    this[name] = this.#shown(name, await this.#api.get(path));
    if (name === "active")
      for (const run of this.active) this.runs.set(run.runId, { ...this.runs.get(run.runId), ...run });
    this.#fire(name);
    return this[name];
  }

  #shown(name, list) {
    const away = this.#withheld[name];
    return away?.size ? (list?.filter(({ id }) => !away.has(id)) ?? null) : list;
  }

  #follow(run) {
    const at = this.active.findIndex((other) => other.runId === run.runId);
    const belongs = run.status === "queued" || run.status === "running";
    if (at < 0 && !belongs) return;
    const rest = this.active.filter((other) => other.runId !== run.runId);
    this.active = belongs ? [...rest, run].sort((a, b) => (a.runId < b.runId ? -1 : 1)) : rest;
    this.#fire("active");
  }

  // The last run of a prompt or schedule is a part of it: it changes with every step of that run.
  #followLast(name, id, run) {
    const at = this[name]?.findIndex((one) => one.id === id) ?? -1;
    if (at < 0) return;
    const before = this[name][at];
    const began = run.startedAt ?? run.queuedAt;
    if (before.lastRunId !== run.runId && !isLater(before, run, began)) return;
    const last = { lastRunId: run.runId, lastRunStatus: run.status, lastRunAt: began };
    this[name] = this[name].with(at, { ...before, ...last, ...("lastRun" in before && { lastRun: run }) });
    this.#fire(name);
  }

  // What changes while its list is read may have missed it: the list is read once more.
  #again(name) {
    const reading = this.#loading.get(name);
    if (!reading) return this.load(name).catch(() => {}); // at the next change
    if (this.#missed.has(name)) return;
    this.#missed.add(name);
    const next = () => (this.#missed.delete(name), this.load(name).catch(() => {}));
    reading.then(next, next);
  }

  #hear(events) {
    const topics = new Set(events.map(({ topic }) => topic));
    for (const name of ["profiles", "settings", "prompts", "schedules"])
      if (topics.has(name) && (this[name] || this.#loading.has(name))) this.#again(name);
    for (const { topic, id } of events) {
      if (topic === "runs" && id) this.#changed.add(id);
      else if (topic === "runs") this.#fire("stale");
    }
    this.#gather();
  }

  // A hidden page catches up when it is seen; a burst of changes becomes one round of requests.
  #gather() {
    if (this.#timer || document.hidden || !this.#changed.size) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      const ids = [...this.#changed];
      this.#changed.clear();
      ids.length > MANY ? this.refresh() : ids.forEach((id) => this.#reread(id));
    }, GATHER_MS);
  }

  async #reread(runId) {
    try {
      await this.fetchRun(runId);
    } catch (error) {
      if (error.status !== 404) return;
      this.runs.delete(runId);
      this.#follow({ runId, status: "gone" });
      this.#fire("gone", runId);
    }
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// Whether a run comes after the one that is known as the last: one that is active does, else the one that ended later.
function isLater(before, run, began) {
  if (!before.lastRunId) return true;
  const [was, is] = [before.lastRunStatus, run.status].map((status) => status === "queued" || status === "running");
  if (was !== is) return is;
  if (is) return began >= before.lastRunAt;
  return (run.finishedAt ?? began) >= (before.lastRun?.finishedAt ?? before.lastRunAt);
}
