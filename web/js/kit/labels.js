// What the page calls the fields that the API names: the server's sentences are shown in the page's own words.

const LABELS = {
  agentProfileId: "Profile",
  agentType: "Agent",
  allowedRoots: "Allowed directories",
  coreMB: "Core dump",
  cpuSeconds: "CPU time",
  defaultTimeout: "Default timeout",
  defaultWorkingDirectory: "Default directory",
  fileSizeMB: "File size",
  invocationTemplate: "Invocation template",
  killGraceSeconds: "Then SIGKILL after",
  logDirectory: "Output directory",
  maxConcurrentRuns: "Runs at once",
  maxOutputBytes: "Largest output of a run",
  maxTimeout: "Longest timeout",
  memoryMB: "Memory",
  openFiles: "Open files",
  outputRetentionDays: "Keep output",
  passEnv: "Environment passed on",
  promptVia: "How the prompt goes in",
  recordRetentionDays: "Keep records",
  requiresTTY: "Runs in a terminal",
  runAsUser: "Run as user",
  stopSignals: "Stop signals",
  workingDirectory: "Working directory",
};
const NAMES = new RegExp(`\\b(?:limits\\.)?(${Object.keys(LABELS).join("|")})\\b(?:\\[(\\d+)\\])?`, "g");
const VARIABLE = /(?<![\w./])env\.([A-Za-z_]\w*)/g;

/** A sentence of the server with the page's labels in place of the API's names. */
export function inPageWords(text) {
  return text
    .replace(VARIABLE, "$1")
    .replace(/^a name in env\b/, "A name in the environment")
    .replace(NAMES, (_, name, item, at) => {
      if (item !== undefined) return `${at ? "entry" : "Entry"} ${Number(item) + 1} of “${LABELS[name]}”`;
      return at ? `“${LABELS[name]}”` : LABELS[name];
    });
}
