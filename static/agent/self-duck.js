// The page lowers its voice by itself when somebody begins to talk: it hears it a network earlier than the backend.
// The backend's word wins: a duck, pause or flush from there ends the page's own.

export const DUCK_DB = -12;
const RAMP_MS = 30;
const RELEASE_RAMP_MS = 120;
const RELEASE_MS = 1200;

/** @param {{duck: (db: number, ramp: number) => void, later?: typeof setTimeout, cancel?: typeof clearTimeout}} how */
export function createSelfDuck({ duck, later = setTimeout, cancel = clearTimeout }) {
  let timer = null;
  return {
    get ducked() {
      return timer !== null;
    },
    onset() {
      if (timer !== null) cancel(timer);
      else duck(DUCK_DB, RAMP_MS);
      timer = later(() => {
        timer = null;
        duck(0, RELEASE_RAMP_MS);
      }, RELEASE_MS);
    },
    /** The backend decided, or the reply is over. @param {boolean} restore bring the voice back to full */
    settle(restore = false) {
      if (timer === null) return;
      cancel(timer);
      timer = null;
      if (restore) duck(0, RAMP_MS);
    },
    stop() {
      if (timer !== null) cancel(timer);
      timer = null;
    },
  };
}
