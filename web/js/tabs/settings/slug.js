// Names and slugs of new profiles: a slug proposed from a name, and what is free of both.

const MOST = 64;

/** A slug for a name: small letters, digits and inner hyphens, at most 64; "" when nothing of the name can stand in one. */
export const slugOf = (name) =>
  trimmed(
    name
      .toLowerCase()
      .normalize("NFKD")
      .replace(/[\u0300-\u036f]/g, "")
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+/, ""),
    MOST,
  );

/** `slug`, with a number behind it if it is taken. */
export function freeSlug(slug, taken) {
  if (!slug || !taken.includes(slug)) return slug;
  for (let number = 2; ; number += 1) {
    const next = `${trimmed(slug, MOST - 1 - String(number).length)}-${number}`;
    if (!taken.includes(next)) return next;
  }
}

/** `name`, with a number behind it if it is taken. */
export function freeName(name, taken) {
  if (!name || !taken.includes(name)) return name;
  for (let number = 2; ; number += 1) if (!taken.includes(`${name} ${number}`)) return `${name} ${number}`;
}

const trimmed = (slug, most) => slug.slice(0, most).replace(/-+$/, "");
