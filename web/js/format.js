// Words for numbers, times and states; the formatters are made once, and again when the zone is set.

const DAY_MS = 86_400_000;

let zone = "UTC";
let formatters = make();

function make() {
  const of = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
  return {
    clock: of({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    minute: of({ hour: "2-digit", minute: "2-digit" }),
    hour: of({ hour: "2-digit" }),
    day: of({ weekday: "short", day: "numeric", month: "short" }),
    date: of({ day: "numeric", month: "short", year: "numeric" }),
    key: of({ year: "numeric", month: "2-digit", day: "2-digit" }),
    name: of({ timeZoneName: "short" }),
    wall: new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }),
    number: new Intl.NumberFormat("en-US"),
  };
}

/** Use `name` (an IANA zone) for all times from now on; an unknown one leaves UTC. */
export function setZone(name) {
  try {
    zone = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    zone = "UTC";
  }
  formatters = make();
}

export const zoneName = () => zone;

/** Whether `name` is the zone that all times are in, whatever else it is called ("Etc/UTC"). */
export function isOwnZone(name) {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone === zone;
  } catch {
    return false;
  }
}

/** The zone as it stands beside times: "UTC", "CET", "GMT+2". */
export function zoneLabel(at = Date.now()) {
  return formatters.name.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? zone;
}

export const ms = (iso) => (iso ? Date.parse(iso) : NaN);
export const clock = (at) => formatters.clock.format(at);
export const minute = (at) => formatters.minute.format(at);
export const hour = (at) => formatters.hour.format(at);
export const date = (at) => formatters.date.format(at);
export const dayKey = (at) => formatters.key.format(at);
export const number = (value) => formatters.number.format(value);

/** "Thu 12 Mar". */
export const dayName = (at) => formatters.day.format(at).replace(",", "");

/** "Today, Thu 12 Mar", "Wed 11 Mar", and the year when it is not this one. */
export function dayHead(at, now = Date.now()) {
  const text = dayName(at);
  if (dayKey(at) === dayKey(now)) return `Today, ${text}`;
  return dayKey(at).slice(-4) === dayKey(now).slice(-4) ? text : `${text} ${dayKey(at).slice(-4)}`;
}

/** "2026-03-12T14:32", as fields for a time have it. */
export const wallTime = (at) => formatters.wall.format(at).replace(" ", "T");

/** The moment at which the clock on the wall says `text` ("2026-03-12T14:32"); NaN for what is no time. */
export function fromWallTime(text) {
  const said = Date.parse(`${text}Z`);
  if (Number.isNaN(said)) return NaN;
  const ahead = (at) => Date.parse(`${wallTime(at)}Z`) - Math.floor(at / 60_000) * 60_000;
  return said - ahead(said - ahead(said));
}

/** "14:32:10", with the day when it is not today. */
export function when(at, now = Date.now()) {
  return dayKey(at) === dayKey(now) ? clock(at) : `${dayName(at)} ${minute(at)}`;
}

/** "Fri 13 Mar 02:30 CET" as people in `name` (an IANA zone) have it. */
export function inZone(at, name, now = Date.now()) {
  const parts = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" };
  const options = { hourCycle: "h23", timeZoneName: "short", ...parts, ...year };
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: name }).format(at).replaceAll(",", "");
}

/** The whole time with its zone, for titles and for what is sent elsewhere. */
export const full = (at) =>
  `${dayName(at)} ${dayKey(at).slice(-4)}, ${clock(at)} ${zoneLabel(at)}`;

/** "12 min ago" under seven days, a date after that. */
export function ago(at, now = Date.now()) {
  const s = Math.max(0, (now - at) / 1000);
  if (s < 60) return "just now";
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ago`;
  return now - at < 7 * DAY_MS ? `${Math.floor(s / 86_400)} d ago` : date(at);
}

/** "0:22", "14:05", "1:02:40" from seconds. */
export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const [h, m, rest] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, String(s % 60).padStart(2, "0")];
  return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
}

/** "in 00:41:12", and from a day on "in 3 d 15:42"; "now" when the time has come. */
export function countdown(at, now = Date.now()) {
  const s = Math.ceil((at - now) / 1000);
  if (s <= 0) return "now";
  const [d, h, m, rest] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  const two = (value) => String(value).padStart(2, "0");
  return d ? `in ${number(d)} d ${two(h)}:${two(m)}` : `in ${two(h)}:${two(m)}:${two(rest)}`;
}

/** "48 s", "3 min", "1 h 20 min" for sentences. */
export function span(seconds) {
  const s = Math.round(seconds);
  if (s < 120) return `${s} s`;
  const m = Math.round(s / 60);
  if (m < 120) return `${m} min`;
  return m % 60 ? `${Math.floor(m / 60)} h ${m % 60} min` : `${m / 60} h`;
}

/** "30 min", "1.5 min" from minutes, without needless zeros. */
export const minutes = (value) => `${Number(value.toFixed(2))} min`;

/** "9.4 kB", "2.1 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** "1 run", "18,204 runs", "10,000+ runs". */
export function count(value, one, many = `${one}s`, more = false) {
  return `${number(value)}${more ? "+" : ""} ${value === 1 && !more ? one : many}`;
}

export const STATES = ["queued", "running", "completed", "failed", "timeout", "killed", "skipped"];
const STATE_WORDS = { timeout: "Timed out" };
const TRIGGER_WORDS = { mcp: "MCP" };
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export const stateWord = (status) => STATE_WORDS[status] ?? capital(status);
export const triggerWord = (trigger) => TRIGGER_WORDS[trigger] ?? capital(trigger);
export const isActive = (status) => status === "queued" || status === "running";

export const AGENTS = {
  "claude-code": { icon: "arcs", name: "Claude Code" },
  codex: { icon: "book", name: "Codex" },
  opencode: { icon: "brackets", name: "OpenCode" },
  "gemini-cli": { icon: "twins", name: "Gemini CLI" },
  aider: { icon: "cross", name: "Aider" },
  custom: { icon: "prompt", name: "Custom" },
};

/** Profiles as choices [id, words]; those that share a name have their slug behind it, locked ones say so. */
export function profileChoices(profiles) {
  const times = new Map();
  for (const { name } of profiles) times.set(name, (times.get(name) ?? 0) + 1);
  const named = ({ name, slug }) => (times.get(name) > 1 ? `${name} (${slug})` : name);
  const locked = ({ lock, whileLocked }) => (lock ? `, locked: runs ${whileLocked === "skip" ? "are skipped" : "wait"}` : "");
  return profiles.map((profile) => [profile.id, named(profile) + locked(profile)]);
}

/** What a run is called: its prompt's name, else the beginning of its text on one line. */
export function runName(run) {
  if (run.promptName) return run.promptName;
  const text = (run.promptContent ?? run.promptPreview ?? "").trim().replace(/\s+/g, " ");
  return text.slice(0, 300) || run.runId;
}

/** Seconds that a run took so far; NaN when it never started. */
export function took(run, now = Date.now()) {
  if (run.durationSeconds !== null && run.durationSeconds !== undefined) return run.durationSeconds;
  return run.startedAt && run.status === "running" ? Math.max(0, (now - ms(run.startedAt)) / 1000) : NaN;
}

/** Why a run ended as it did, or what it waits for, in a few words. */
export function reasonOf(run) {
  if (run.reason) return run.reason;
  if (run.status === "queued") return "waits for a free place";
  if (run.status === "failed" && run.signal) return `ended by ${run.signal}`;
  return run.status === "failed" && run.exitCode !== null ? `exit code ${run.exitCode}` : "";
}
