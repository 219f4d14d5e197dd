// The variables of a prompt: {{NAME}} in its text, and what is said about each.

const VARIABLE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The names of the variables in a text, in their order. */
export const namesIn = (text) => [...new Set([...text.matchAll(VARIABLE)].map(([, name]) => name))];

/** What a saved prompt asks for: what it declares, and what its text has besides; that is text, and needed. */
export function askedFor({ type, content, variables }) {
  const declared = new Set(variables.map(({ name }) => name));
  const others = type === "inline" ? namesIn(content).filter((name) => !declared.has(name)) : [];
  return [...variables, ...others.map(plainVariable)];
}

/** A variable that nothing is said about. */
export const plainVariable = (name) => ({
  name,
  type: "string",
  description: "",
  default: null,
  required: true,
  choices: [],
});
