// How long to wait before trying again: 0.25 s doubling to 3 s, each with jitter, for ever.

/** @param {{first?: number, most?: number, random?: () => number}} options milliseconds */
export function createBackoff({ first = 250, most = 3000, random = Math.random } = {}) {
  let next = first;
  return {
    /** @returns {number} milliseconds, between 75 % and 125 % of the step */
    wait() {
      const wait = next * (0.75 + random() / 2);
      next = Math.min(most, next * 2);
      return wait;
    },
    reset() {
      next = first;
    },
  };
}
