// What a run's output can be downloaded as, for the menu.

const WAYS = [
  ["Download .log", "clean text", {}],
  ["Download raw bytes", "as printed", { raw: 1 }],
  ["Download recording", ".cast", { format: "cast" }],
  ["Download as JSON", ".json", { format: "json" }],
];

/** The entries of the menu; `href(query)` is the address of the download. */
export const downloads = (href) =>
  WAYS.map(([text, hint, query]) => ({ text, hint, icon: "download", href: href(query), download: "" }));
