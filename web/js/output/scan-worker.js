// A thread that looks for regular expressions: one that never ends is ended with it, and the page stays awake.

import { scan } from "./scan.js";

postMessage("ready"); // what was asked before is waiting

onmessage = ({ data: { source, flags, texts, first, most } }) => {
  const found = [];
  scan(new RegExp(source, flags), texts, first, (...match) => found.push(match) < most);
  postMessage(found);
};
