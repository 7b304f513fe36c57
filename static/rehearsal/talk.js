// The Talk button: hold it, or press it once to stay on. The microphone enters the meeting as sound only.

const HELD_MS = 350;

/**
 * @param {{button: HTMLElement, word: HTMLElement, note: HTMLElement}} elements
 * @param {{talk: (on: boolean) => Promise<boolean>, level: () => number}} sound
 * @param {() => Promise<void>} join
 */
export function createTalk({ button, word, note }, sound, join) {
  let on = false;
  let pressed = 0;
  let frame = 0;

  async function set(wanted) {
    if (wanted) await join();
    on = await sound.talk(wanted);
    button.setAttribute("aria-pressed", String(on));
    word.textContent = on ? "Talking" : "Talk";
    note.hidden = !on;
    cancelAnimationFrame(frame);
    if (on) meter();
    else button.style.setProperty("--level", "0");
  }

  function meter() {
    button.style.setProperty("--level", sound.level().toFixed(2));
    frame = requestAnimationFrame(meter);
  }

  // A long press talks while it lasts; a short one, or the keyboard, switches.
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || on) return;
    pressed = performance.now();
    set(true);
  });
  button.addEventListener("pointerup", () => {
    if (pressed && performance.now() - pressed > HELD_MS) set(false);
  });
  button.addEventListener("click", (event) => {
    const fresh = pressed > 0;
    pressed = 0;
    // The pointer has switched it on already; a keyboard's click has detail 0 and no pointer before it.
    if (event.detail && fresh) return;
    set(!on);
  });

  return { stop: () => set(false) };
}
