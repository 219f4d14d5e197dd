// The field for a time zone; it suggests the names of the IANA database.

import { zoneName } from "../../format.js";
import { combobox } from "../../kit/combobox.js";
import { field, input } from "../../kit/form.js";

const MOST = 12;

/** The field; `onChoose` follows a choice from the list. */
export function zoneField({ value, onChoose }) {
  const control = input({ value: value ?? "", placeholder: zoneName(), maxlength: 100 });
  const known = ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])];
  const list = combobox(control, { label: "Time zones", suggest, onChoose });

  async function suggest(text) {
    const typed = text.trim().toLowerCase().replaceAll(" ", "_");
    const fits = known.filter((name) => name.toLowerCase().includes(typed) && name !== text);
    return fits.slice(0, MOST).map((name) => ({ value: name, content: name.replaceAll("_", " ") }));
  }

  return field({ label: "Time zone", control, after: list, extra: "has-list" });
}
