// Where the bars, points and labels of a small chart go. Pure geometry; the view draws it as SVG. Numbers stand on
// the chart itself instead of an axis: at 320x180 nobody reads an axis.

/** @typedef {{width: number, height: number, size: number, measure: (text: string) => number}} Box px */

const MOST_BARS = 8;
const MOST_POINTS = 24;

/** @param {number} value @returns {string} at most about five signs */
export function short(value) {
  const size = Math.abs(value);
  const cut = (n) => String(Math.round(n * 10) / 10);
  if (size >= 1e9) return `${cut(value / 1e9)}B`;
  if (size >= 1e6) return `${cut(value / 1e6)}M`;
  if (size >= 10_000) return `${cut(value / 1e3)}k`;
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return size >= 1 ? cut(value) : String(Math.round(value * 100) / 100);
}

const MOST_SIGNS = 80; // no label that fits is longer

/** @param {string} text @param {number} width px @param {(text: string) => number} measure */
export function fit(text, width, measure) {
  const signs = [...text.slice(0, 4 * MOST_SIGNS)].slice(0, MOST_SIGNS);
  if (signs.join("") === text && measure(text) <= width) return text;
  while (signs.length > 1 && measure(`${signs.join("").trimEnd()}…`) > width) signs.pop();
  return `${signs.join("").trimEnd()}…`;
}

/**
 * Horizontal bars: the label keeps its own line length, the number stands at the bar's end.
 * @param {{labels: string[], values: number[]}} data @param {Box} box
 */
export function bars({ labels, values }, { width, height, size, measure }) {
  const room = Math.max(1, Math.floor(height / (size * 1.28)));
  const count = Math.min(values.length, MOST_BARS, room);
  const left = Math.round(width * 0.34);
  const right = size * 2.6;
  const low = Math.min(0, ...values);
  const span = Math.max(0, ...values) - low || 1;
  const scale = (width - left - right) / span;
  const zero = left - low * scale;
  const step = Math.min(height / Math.max(1, count), size * 1.9);
  return {
    zero,
    hidden: values.length - count,
    rows: values.slice(0, count).map((value, i) => {
      const length = Math.abs(value) * scale;
      const x = value < 0 ? zero - length : zero;
      return {
        label: fit(labels[i] ?? "", left - size * 0.5, measure),
        number: short(value),
        x,
        y: i * step + step * 0.14,
        width: Math.max(4, length),
        height: step * 0.72,
        middle: i * step + step / 2,
        numberX: Math.max(x + length, zero) + size * 0.35,
      };
    }),
  };
}

/**
 * A line with its first, highest, lowest and last value written out, and the first and last label beneath.
 * @param {{labels: string[], values: number[]}} data @param {Box} box
 */
export function line({ labels, values }, { width, height, size, measure }) {
  const shown = thin(values.map((value, i) => ({ value, label: labels[i] ?? "" })), MOST_POINTS);
  if (shown.length === 0) return { points: [], path: "", notes: [], ends: [] };
  const side = size * 1.6;
  const top = size * 1.5;
  const bottom = height - size * 1.9;
  const low = Math.min(...shown.map((p) => p.value));
  const high = Math.max(...shown.map((p) => p.value));
  const x = (i) => (shown.length === 1 ? width / 2 : side + (i * (width - 2 * side)) / (shown.length - 1));
  const y = (v) => (high === low ? (top + bottom) / 2 : bottom - ((v - low) * (bottom - top)) / (high - low));
  const points = shown.map((p, i) => ({ x: x(i), y: y(p.value), value: p.value }));
  const last = points.length - 1;
  const highest = points.findIndex((p) => p.value === high);
  const wanted = [last, 0, highest].filter((i, n, all) => all.indexOf(i) === n);
  const notes = [];
  for (const i of wanted) {
    const note = { x: points[i].x, y: points[i].y - size * 0.5, text: short(points[i].value) };
    // A number that would touch another is left out: the last and the first matter more than the highest.
    if (notes.every((other) => Math.abs(other.x - note.x) > size * 3)) notes.push(note);
  }
  return {
    points,
    path: points.map((p, i) => `${i ? "L" : "M"}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join(""),
    notes,
    ends: last === 0
      ? [{ x: width / 2, anchor: "middle", text: fit(shown[0].label, width, measure) }]
      : [
          { x: 0, anchor: "start", text: fit(shown[0].label, width / 2 - size, measure) },
          { x: width, anchor: "end", text: fit(shown[last].label, width / 2 - size, measure) },
        ],
  };
}

/** Every nth point, always with the last. */
function thin(points, most) {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)]);
}
