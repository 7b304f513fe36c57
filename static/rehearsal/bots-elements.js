// What the form and the cards have in common: text that changes, and what to do about a problem.

import { make } from "./dom.js";

/** Write `text` into an element, which is hidden when there is none. Untouched when it says so already. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/** Advice, set apart as what to do. */
export function createAdvice() {
  const words = make("span");
  const element = make("p.advice", { hidden: true }, [make("b", { text: "What to do" }), words]);
  let shown = "";
  return {
    element,
    update(advice) {
      element.hidden = !advice;
      if (advice === shown) return;
      shown = advice;
      words.replaceChildren(...marked(advice));
    },
  };
}

/** Text with its commands and names, those between backquotes, set as such. */
export function marked(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", { text: part }) : part));
}

/** What went wrong with something a person just did. */
export function createProblem() {
  const message = make("p.message");
  const advice = createAdvice();
  const element = make("div.problem", { role: "alert", hidden: true }, [message, advice.element]);
  return {
    element,
    /** @param {{message: string, advice: string}|null} problem */
    update(problem) {
      put(message, problem?.message ?? ""); // the same words again would be read out again
      advice.update(problem?.advice ?? "");
      element.hidden = !problem;
    },
  };
}

/** A line of a form: its label above it, and perhaps a note below. */
export function field(label, input, note = "") {
  return make("label.field", {}, [make("span", { text: label }), input, note ? make("small", { text: note }) : null]);
}

/** A box to tick, with a label and perhaps a note beside it. */
export function tick(label, note = "", attributes = {}) {
  const box = make("input", { type: "checkbox", autocomplete: "off", ...attributes });
  const element = make("label.tick", {}, [
    box,
    make("span", {}, [make("span", { text: label }), note ? make("small", {}, marked(note)) : null]),
  ]);
  return { element, box };
}
