// Lines as the address names them: "L73", "L73-L81".

/** Write lines ({ from, to }, from 0) so. */
export const rangeText = ({ from, to }) => (from === to ? `L${from + 1}` : `L${from + 1}-L${to + 1}`);

/** Read them, as { from, to, anchor }; null for anything else. */
export function parseRange(text) {
  const match = /^L(\d+)(?:-L(\d+))?$/.exec(text);
  if (!match) return null;
  const [from, to] = [Number(match[1]) - 1, Number(match[2] ?? match[1]) - 1];
  return { from: Math.min(from, to), to: Math.max(from, to), anchor: from };
}
