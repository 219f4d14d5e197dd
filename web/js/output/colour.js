// Colours that a program asked for by number, made readable on the log's ground.

const READABLE = 4.5;

/** The sRGB channels of colour 16 to 255 of xterm's palette: a cube of 6 × 6 × 6, then 24 greys. */
export function paletteColour(number) {
  if (number >= 232) return Array(3).fill(8 + (number - 232) * 10);
  const level = (value) => (value ? 55 + value * 40 : 0);
  const at = number - 16;
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)];
}

export function hexColour(text) {
  const value = parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export const cssColour = ([r, g, b]) => `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`;

/** WCAG 2 contrast of two colours. */
export function contrast(one, other) {
  const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}

/** `colour`, moved towards white or black only as far as reading it on `ground` needs. */
export function readable(colour, ground) {
  const goal = luminance(ground) > 0.18 ? 0 : 255;
  for (let part = 0; part <= 1; part += 0.05) {
    const moved = colour.map((channel) => channel + (goal - channel) * part);
    if (contrast(moved, ground) >= READABLE) return moved;
  }
  return [goal, goal, goal];
}

function luminance(channels) {
  const [r, g, b] = channels.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
