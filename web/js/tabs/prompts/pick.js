// Which prompts are shown and in which order, as the address says; without a look at the page.

const NAMES = ["search", "tag", "agent", "directory", "type"];
export const USUAL_SORT = "name";
const KEYS = {
  name: ({ name }) => name.toLowerCase(),
  profile: (saved, profileName) => profileName(saved.agentProfileId).toLowerCase(),
  directory: ({ workingDirectory }) => workingDirectory ?? "",
  lastRun: ({ lastRunAt }) => lastRunAt ?? "",
};

/** The filters that an address asks for; several tags are separated by commas. */
export function readFilters(params) {
  return Object.fromEntries(NAMES.map((name) => [name, params.get(name) ?? ""]));
}

/** The order that an address asks for: a column, with "-" before it the other way. */
export function readSort(params) {
  const sort = params.get("sort") ?? "";
  return Object.hasOwn(KEYS, sort.replace(/^-/, "")) ? sort : USUAL_SORT;
}

export const anyFilter = (filters) => NAMES.some((name) => filters[name]);
export const tagList = (text) => text.split(",").filter(Boolean);

/** Whether a prompt passes every filter. */
export function passes(saved, { search, tag, agent, directory, type }) {
  if (agent && saved.agentProfileId !== agent) return false;
  if (directory && saved.workingDirectory !== directory) return false;
  if (type && saved.type !== type) return false;
  if (!tagList(tag).every((one) => saved.tags.includes(one))) return false;
  const hay = [saved.name, saved.content, saved.workingDirectory ?? "", ...saved.tags].join("\n");
  return hay.toLowerCase().includes(search.toLowerCase());
}

/** The prompts in an order; those that are equal in it stand by name, and what has no value stands last. */
export function sorted(list, sort, profileName = () => "") {
  const [key, way] = [sort.replace(/^-/, ""), sort.startsWith("-") ? -1 : 1];
  const of = (saved) => KEYS[key](saved, profileName);
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const byKey = (a, b) => (of(a) && of(b) ? way * compare(of(a), of(b)) : Number(!of(a)) - Number(!of(b)));
  return [...list].sort((a, b) => byKey(a, b) || compare(KEYS.name(a), KEYS.name(b)) || compare(a.id, b.id));
}

/** The tags of all prompts, the most used first. */
export function tagsOf(list) {
  const times = new Map();
  for (const tag of list.flatMap(({ tags }) => tags)) times.set(tag, (times.get(tag) ?? 0) + 1);
  return [...times.keys()].sort((a, b) => times.get(b) - times.get(a) || (a < b ? -1 : 1));
}

export const directoriesOf = (list) =>
  [...new Set(list.map(({ workingDirectory }) => workingDirectory).filter(Boolean))].sort();
