// The face's mouth: one path, a smile when closed, drawn again only when its step changes.

const MIDDLE = 220;
const LINE = 262;

/** @param {number} open 0..6 @param {number} width 0..6 */
export function mouthPath(open, width) {
  const half = 34 + width * 6;
  const left = MIDDLE - half;
  const right = MIDDLE + half;
  const upper = LINE + 30 - open * 8;
  const lower = LINE + 30 + open * 15;
  return `M${left} ${LINE}Q${MIDDLE} ${upper} ${right} ${LINE}Q${MIDDLE} ${lower} ${left} ${LINE}Z`;
}

const FLAT = "M180 272Q220 272 260 272Q220 272 180 272Z";

/** @param {SVGPathElement} mouth */
export function createFace(mouth) {
  let shown = "";
  function show(path) {
    if (path === shown) return false;
    shown = path;
    mouth.setAttribute("d", path);
    return true;
  }
  return {
    /** @returns {boolean} whether anything was drawn */
    speak({ open, width }) {
      return show(mouthPath(open, width));
    },
    /** @param {string} mark */
    rest(mark) {
      return show(["muted", "connecting", "gone", "trouble"].includes(mark) ? FLAT : mark === "thinking" ? mouthPath(0, 0) : mouthPath(0, 3));
    },
  };
}
