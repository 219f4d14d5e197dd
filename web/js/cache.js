// What the page knows of the server's records; every change is one event that views listen to.

const GATHER_MS = 40;
const MANY = 10;

/** Fires "profiles", "agents", "settings", "active", "run" (detail: the record), "gone" (detail: the id), "stale": read again. */
export class Cache extends EventTarget {
  #api;
  #changed = new Set();
  #timer = 0;
  #loading = new Map();
  session = null;
  profiles = null;
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

  /** Read a list ("profiles", "agents", "settings", "active") now; calls at the same time share one request. */
  load(name) {
    if (!this.#loading.has(name)) {
      const request = this.#read(name).finally(() => this.#loading.delete(name));
      this.#loading.set(name, request);
    }
    return this.#loading.get(name);
  }

  /** Read everything that is known again; views do the same for what they show. */
  refresh() {
    for (const name of ["profiles", "settings", "active"]) this.load(name).catch(() => {}); // the banner says it
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
    this.#fire("run", run);
    return run;
  }

  profile(id) {
    return this.profiles?.find((profile) => profile.id === id) ?? null;
  }

  /** The icon that was chosen for a run's profile, if there is one. */
  iconOf(run) {
    return this.profile(run.agentProfileId)?.icon ?? null;
  }

  forget() {
    Object.assign(this, { session: null, profiles: null, agents: null, settings: null, active: [], runs: new Map() });
  }

  async #read(name) {
    const path = name === "active" ? "runs/active" : name;
    this[name] = await this.#api.get(path);
    if (name === "active")
      for (const run of this.active) this.runs.set(run.runId, { ...this.runs.get(run.runId), ...run });
    this.#fire(name);
    return this[name];
  }

  #follow(run) {
    const at = this.active.findIndex((other) => other.runId === run.runId);
    const belongs = run.status === "queued" || run.status === "running";
    if (at < 0 && !belongs) return;
    const rest = this.active.filter((other) => other.runId !== run.runId);
    this.active = belongs ? [...rest, run].sort((a, b) => (a.runId < b.runId ? -1 : 1)) : rest;
    this.#fire("active");
  }

  #hear(events) {
    for (const { topic, id } of events) {
      if (topic === "runs" && id) this.#changed.add(id);
      else if (topic === "runs") this.#fire("stale");
      else if (topic === "profiles" || topic === "settings") this.load(topic).catch(() => {}); // at the next change
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
