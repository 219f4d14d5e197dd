// What the page calls the fields that the API names: the server's sentences are shown in the page's own words.

const LABELS = {
  agentProfileId: "Profile",
  agentType: "Agent",
  allowedRoots: "Allowed directories",
  coreMB: "Core dump",
  cpuSeconds: "CPU time",
  cronExpression: "Expression",
  defaultTimeout: "Default timeout",
  defaultWorkingDirectory: "Default directory",
  directoryPolicy: "Runs in one directory",
  disableAfterFailures: "Switch off after",
  endDate: "Last day",
  fileSizeMB: "File size",
  invocationTemplate: "Invocation template",
  jitterSeconds: "Begin later by up to",
  killGraceSeconds: "Then SIGKILL after",
  logDirectory: "Output directory",
  maxConcurrentRuns: "Runs at once",
  maxOutputBytes: "Largest output of a run",
  maxTimeout: "Longest timeout",
  memoryMB: "Memory",
  missedRuns: "If the server was down",
  openFiles: "Open files",
  outputRetentionDays: "Keep output",
  passEnv: "Environment passed on",
  promptId: "Saved prompt",
  promptVia: "How the prompt goes in",
  recordRetentionDays: "Keep records",
  requiresTTY: "Runs in a terminal",
  retryDelaySeconds: "Wait before the first",
  runAsUser: "Run as user",
  startDate: "First day",
  stopSignals: "Stop signals",
  whileLocked: "While it is locked",
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
