// Days in a time zone, as a field for dates has them.

/** The day of an instant (ISO 8601) where people have `zone`: "2026-03-12"; "" for none. */
export function dayIn(iso, zone) {
  if (!iso) return "";
  const parts = { year: "numeric", month: "2-digit", day: "2-digit" };
  return new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone ?? "UTC" }).format(Date.parse(iso));
}
