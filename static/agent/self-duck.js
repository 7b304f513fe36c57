// The page lowers its voice by itself when somebody begins to talk: it hears it a network earlier than the backend. It
// does so at the first stir, and is back at once when that was only a knock. The backend's word wins: a duck, pause or
// flush from there ends the page's own.

export const DUCK_DB = -12;
const RAMP_MS = 30;
const RELEASE_RAMP_MS = 120;
const RELEASE_MS = 1200;

/** @param {{duck: (db: number, ramp: number) => void, later?: typeof setTimeout, cancel?: typeof clearTimeout}} how */
export function createSelfDuck({ duck, later = setTimeout, cancel = clearTimeout }) {
  let timer = null;
  let stirred = false;
  return {
    get ducked() {
      return stirred || timer !== null;
    },
    /** There may be an onset before long, or there was none. @param {boolean} on */
    stir(on) {
      if (timer !== null || on === stirred) return;
      stirred = on;
      duck(on ? DUCK_DB : 0, on ? RAMP_MS : RELEASE_RAMP_MS);
    },
    onset() {
      if (timer !== null) cancel(timer);
      else if (!stirred) duck(DUCK_DB, RAMP_MS);
      stirred = false;
      timer = later(() => {
        timer = null;
        duck(0, RELEASE_RAMP_MS);
      }, RELEASE_MS);
    },
    /** The backend decided, or the reply is over. @param {boolean} restore bring the voice back to full */
    settle(restore = false) {
      if (!this.ducked) return;
      if (timer !== null) cancel(timer);
      timer = null;
      stirred = false;
      if (restore) duck(0, RAMP_MS);
    },
  };
}
