// A line of the meeting cut to what fits: the newest words matter, so the beginning goes first.

const MOST_SIGNS = 400; // more can never fit; measuring stays cheap whatever comes

/**
 * @param {string} text @param {number} room pixels @param {(text: string) => number} measure
 * @returns {string} the text, or an ellipsis and as much of its end as fits
 */
export function tail(text, room, measure) {
  const signs = [...text.replace(/\s+/g, " ").trim()];
  const whole = signs.join("");
  if (signs.length <= MOST_SIGNS && measure(whole) <= room) return whole;
  // The least `from` whose rest fits.
  let low = Math.max(0, signs.length - MOST_SIGNS);
  let high = signs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (measure(`…${signs.slice(middle).join("")}`) <= room) high = middle;
    else low = middle + 1;
  }
  // Start at a word when one is near.
  const space = signs.indexOf(" ", low - 1);
  const from = space >= 0 && space - low < 16 && space < signs.length - 1 ? space + 1 : low;
  return `…${signs.slice(from).join("")}`;
}

/** A speaker's name short enough to leave room for words. @param {string} name */
export function shortName(name, most = 18) {
  const whole = name.replace(/\s+/g, " ").trim();
  if ([...whole].length <= most) return whole;
  const first = whole.split(" ")[0];
  return [...first].length <= most ? first : `${[...first].slice(0, most - 1).join("")}…`;
}
