// Cutting in: Escape, or the button, says at once what is typed, over the agent; with nothing typed, "Stop."

const WITHOUT_WORDS = "Stop.";

/**
 * @param {{button: HTMLElement, words: HTMLInputElement, agent: HTMLIFrameElement}} elements
 * @param {{may: () => boolean, cutIn: (text: string) => void}} to `may`: there is something to cut into
 */
export function createInterrupt({ button, words, agent }, to) {
  function run() {
    const text = words.value.trim();
    if (!text && !to.may()) return;
    words.value = "";
    to.cutIn(text || WITHOUT_WORDS);
  }

  function key(event) {
    if (event.key !== "Escape" || event.repeat || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return; // there it closes the dialog
    event.preventDefault();
    run();
  }

  button.addEventListener("click", run);
  document.addEventListener("keydown", key);
  // A click on the tile takes the keyboard into the agent's page, which is of our own origin.
  agent.addEventListener("load", () => agent.contentWindow.addEventListener("keydown", key));
}
