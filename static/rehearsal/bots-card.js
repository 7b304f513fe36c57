// One bot: where it is, what it waits for, who is there, and what can be done with it.

import { createAdvice, createProblem, put, tick } from "./bots-elements.js";
import { make } from "./dom.js";

const WRITTEN = "Handed to the chat.";
const SPOKEN = "It speaks in the next gap.";
const SILENT = "It cannot be heard: the agent is not connected to the meeting.";

/**
 * @param {string} id
 * @param {{act: (id: string, verb: string, body: object) => Promise<object|null>}} to `act` gives the problem, or null
 * @param {{element: HTMLElement, update: (there: boolean) => void}} sheet
 */
export function createCard(id, to, sheet) {
  const title = make("h3");
  const through = make("p.through");
  const chip = make("span.word");
  const shape = make("span.shape", { "aria-hidden": "true" });
  const words = make("p.words");
  const advice = createAdvice();
  const agent = make("p.agent");
  const people = make("ul.people", { "aria-label": "Who is there" });
  const text = make("input", {
    type: "text",
    autocomplete: "off",
    maxlength: 8000,
    "aria-label": "What to say or to write",
    placeholder: "Say it aloud, or write it in the chat",
  });
  const say = button("quiet", "Say", "submit");
  const chat = button("quiet", "Chat", "submit");
  const told = make("p.told", { role: "status", hidden: true });
  const tell = make("form.tell", { autocomplete: "off" }, [text, say, chat]);
  const page = button("quiet", "Show page");
  const screen = tick("as a shared screen");
  const pageRow = make("div.row.page", {}, [page, screen.element]);
  const leave = button("danger", "Leave");
  const problem = createProblem();
  const count = make("summary");
  const list = make("ol");
  const steps = make("details.steps", {}, [count, list]);
  const actions = make("div.row.actions", {}, [pageRow, make("span.grow"), leave]);
  const element = make("article.bot", { tabindex: -1 }, [
    make("header", {}, [
      make("div.name", {}, [title, through]),
      make("p.state", {}, [shape, chip]),
    ]),
    make("div.now", { "aria-live": "polite" }, [words, advice.element]),
    agent,
    people,
    sheet.element,
    tell,
    told,
    actions,
    problem.element,
    steps,
  ]);
  let shown = false;
  let key = "";

  async function act(pressed, verb, body) {
    if (pressed.ariaBusy === "true") return false;
    pressed.ariaBusy = "true";
    problem.update(null);
    put(told, "");
    const failed = await to.act(id, verb, body);
    pressed.ariaBusy = "false";
    problem.update(failed);
    return !failed;
  }

  tell.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return text.focus();
    const verb = event.submitter === chat ? "chat" : "say";
    if (!(await act(verb === "chat" ? chat : say, verb, { text: words }))) return;
    if (text.value.trim() === words) text.value = "";
    put(told, verb === "chat" ? WRITTEN : shown ? SPOKEN : SILENT);
  });
  text.addEventListener("input", () => put(told, ""));
  page.addEventListener("click", () => act(page, shown ? "hide" : "show", { screen: screen.box.checked }));
  leave.addEventListener("click", () => act(leave, "leave", {}));

  /** Draw only what changed: a list that is made anew loses its selection and its place. */
  function lists(card) {
    const now = JSON.stringify([card.people, card.steps]);
    if (now === key) return;
    key = now;
    people.replaceChildren(...(card.people ? whoIsThere(card.people) : []));
    count.textContent = card.steps.length === 1 ? "1 step" : `${card.steps.length} steps`;
    list.replaceChildren(...card.steps.map(step));
  }

  return {
    element,
    /** @param {ReturnType<import("./bots-state.js").cardOf>} card */
    update(card) {
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      if (element.dataset.state !== card.state) {
        // What was answered in another state is no longer true.
        problem.update(null);
        put(told, "");
      }
      element.dataset.state = card.state;
      element.setAttribute("aria-label", `${card.title}: ${card.chip.word}`);
      put(title, card.title);
      put(through, card.through);
      put(chip, card.chip.word);
      shape.dataset.shape = card.chip.shape;
      put(words, card.words);
      advice.update(card.advice);
      put(agent, card.agent);
      lists(card);
      people.hidden = !card.people;
      steps.hidden = !card.steps.length;
      sheet.update(card.pictures);
      tell.hidden = !card.can.tell;
      pageRow.hidden = !card.can.page;
      shown = card.shown;
      put(page, shown ? "Hide page" : "Show page");
      leave.hidden = !card.can.leave;
      actions.hidden = pageRow.hidden && leave.hidden;
      // What had the focus may be gone with the state.
      if (focused && !focused.getClientRects().length) element.focus({ preventScroll: true });
    },
    /** Preset the choice: this bot was sent to share a screen. */
    onScreen() {
      screen.box.checked = true;
    },
  };
}

function button(look, text, type = "button") {
  return make(`button.${look}`, { type, text });
}

function whoIsThere({ named, more }) {
  if (!named.length) return [make("li.nobody", { text: "Nobody is there yet." })];
  const tagged = ({ name, tag }) =>
    make("li", { title: name }, [make("span.who", { text: name }), tag ? make("span.tag", { text: tag }) : null]);
  return [...named.map(tagged), more ? make("li.more", { text: `and ${more} more` }) : null].filter(Boolean);
}

function step({ at, words, advice }) {
  const told = createAdvice();
  told.update(advice);
  return make("li", {}, [make("time", { text: at }), make("div", {}, [make("p", { text: words }), told.element])]);
}
