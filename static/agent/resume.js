// Where the voice was, kept across a reload: {epoch, reply, played}. Written at most twice a second while speaking
// (a write reaches the browser process) and exactly on pagehide, so an ordinary reload loses no sample.

const KEY = "parley.resume";
const EVERY_MS = 500;

/** @param {Storage} storage */
export function createResume(storage) {
  let latest = recall(storage);
  let written = -Infinity;

  function save() {
    try {
      if (latest) storage.setItem(KEY, JSON.stringify(latest));
      else storage.removeItem(KEY);
    } catch {
      // storage forbidden: a reload then starts the reply's rest from what the backend knows
    }
  }

  return {
    /** @returns {{epoch: number, reply: number, played: number} | null} */
    get latest() {
      return latest;
    },
    /** @param {{epoch: number, reply: number, played: number}} at @param {number} ms @param {boolean} now */
    remember(at, ms, now = false) {
      latest = at;
      if (!now && ms - written < EVERY_MS) return;
      written = ms;
      save();
    },
    forget() {
      latest = null;
      written = -Infinity;
      save();
    },
    save,
  };
}

function recall(storage) {
  try {
    const value = JSON.parse(storage.getItem(KEY) ?? "null");
    const whole = (n) => Number.isSafeInteger(n) && n >= 0;
    if (value && whole(value.epoch) && whole(value.reply) && whole(value.played)) {
      return { epoch: value.epoch, reply: value.reply, played: value.played };
    }
  } catch {
    // not ours, or forbidden
  }
  return null;
}
