// What a line of the log is; small numbers, because there is one for each line.

export const [PLAIN, FENCE, CODE, HEAD, HUNK, ADDED, REMOVED, CONTEXT, JSON_PART] = Array(9).keys();
