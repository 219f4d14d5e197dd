// What stands in the place of a log that has no lines.

import { emptyNotice } from "../kit/notice.js";

/** Say why a run shows none. */
export function nothingYet({ status, outputBytes }) {
  if (status === "queued")
    return emptyNotice({ title: "Queued", text: "The output appears here as soon as the run starts." });
  if (status === "running")
    return emptyNotice({ title: "Nothing printed yet", text: "Silence of a few minutes is normal for an agent." });
  if (status === "skipped") return emptyNotice({ title: "No output", text: "A skipped run has none." });
  if (outputBytes)
    return emptyNotice({
      title: "No lines",
      text: "The run drew on the whole screen and left no text; Terminal mode shows it.",
    });
  return emptyNotice({
    title: "No output",
    text: "The run printed nothing, or its output is older than Settings keep it.",
  });
}
