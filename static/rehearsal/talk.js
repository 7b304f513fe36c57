// The Talk button: hold it, or press it once to stay on. The microphone enters the meeting as sound only.

const HELD_MS = 350;

/**
 * @param {{button: HTMLElement, word: HTMLElement, note: HTMLElement}} elements
 * @param {{talk: (on: boolean) => Promise<boolean>, level: () => number}} sound
 * @param {{join: () => Promise<void>, changed: () => void}} to
 */
export function createTalk({ button, word, note }, sound, to) {
  let on = false;
  let wanted = false;
  let work = Promise.resolve();
  let since = 0;
  let fresh = false;
  let frame = 0;

  /** One after the other: who lets go while the browser still asks for the microphone is not left on the air. */
  function set(next) {
    wanted = next;
    work = work.then(settle);
  }

  async function settle() {
    if (wanted === on) return;
    if (wanted) await to.join();
    on = await sound.talk(wanted);
    if (!on) wanted = false; // also when the browser gave none
    button.setAttribute("aria-pressed", String(on));
    word.textContent = on ? "Talking" : "Talk";
    note.hidden = !on;
    cancelAnimationFrame(frame);
    if (on) meter();
    else button.style.setProperty("--level", "0");
    to.changed();
  }

  function meter() {
    button.style.setProperty("--level", sound.level().toFixed(2));
    frame = requestAnimationFrame(meter);
  }

  // A long press talks while it lasts; a short one switches. With the pointer, and with Space or Enter.
  function press() {
    since = performance.now();
    fresh = !wanted;
    if (fresh) set(true);
  }

  function release() {
    if (since && (!fresh || performance.now() - since > HELD_MS)) set(false);
    since = 0;
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId); // let go elsewhere is let go, too
    press();
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") release();
  });
  button.addEventListener("blur", release);
  button.addEventListener("click", (event) => {
    if (!event.detail) set(!wanted); // neither pointer nor key: a screen reader's own press
  });

  return {
    stop: () => set(false),
    get on() {
      return on;
    },
  };
}
