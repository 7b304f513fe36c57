// The seats around the agent: who is here, who speaks, and as whom the next line is said.

import { make } from "./dom.js";
import { hue, initial } from "./room-state.js";

/**
 * @param {{seats: HTMLElement, add: HTMLElement, dialog: HTMLDialogElement}} elements
 * @param {{choose: (person: number) => void, add: (name: string) => void,
 *   rename: (person: number, name: string) => void, remove: (person: number) => void}} to
 */
export function createPeopleView({ seats, add, dialog }, to) {
  const title = dialog.querySelector("h2");
  const name = dialog.querySelector("input");
  const remove = dialog.querySelector("#person-remove");
  /** @type {Map<number, HTMLElement>} */ const drawn = new Map();
  let key = "";
  let editing = null;

  function edit(person) {
    editing = person;
    title.textContent = person ? `Change ${person.name}` : "A new person";
    name.value = person?.name ?? "";
    remove.hidden = !person;
    dialog.showModal();
    name.select();
  }

  add.addEventListener("click", () => edit(null));
  dialog.querySelector("#person-cancel").addEventListener("click", () => dialog.close());
  remove.addEventListener("click", () => {
    to.remove(editing.id);
    dialog.close();
  });
  dialog.querySelector("form").addEventListener("submit", () => {
    const wanted = name.value.trim();
    if (!wanted || wanted === editing?.name) return;
    if (editing) to.rename(editing.id, wanted);
    else to.add(wanted);
  });

  // Arrow keys move the choice, as in every radio group.
  seats.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const ids = [...drawn.keys()];
    const now = ids.findIndex((id) => drawn.get(id).getAttribute("aria-checked") === "true");
    const next = ids[(now + step + ids.length) % ids.length];
    to.choose(next);
    drawn.get(next).focus();
  });

  function seat(person, chosen) {
    const button = make(
      "button.seat",
      {
        type: "button",
        role: "radio",
        "aria-checked": chosen ? "true" : "false",
        tabindex: chosen ? 0 : -1,
        title: `Speak as ${person.name}`,
        on: { click: () => to.choose(person.id), dblclick: () => edit(person) },
      },
      [
        make("span.face", { text: initial(person.name), "aria-hidden": "true" }),
        make("span.name", { text: person.name }),
      ],
    );
    drawn.set(person.id, button);
    const change = make("button.seat-edit", {
      type: "button",
      "aria-label": `Rename or remove ${person.name}`,
      title: "Rename or remove",
      text: "⋯",
      on: { click: () => edit(person) },
    });
    return make(`div.seat-box.${hue(person.id)}`, { "data-chosen": String(chosen) }, [button, change]);
  }

  return {
    update(people, speaker) {
      const now = JSON.stringify([people, speaker]);
      if (now === key) return;
      key = now;
      const focused = [...drawn].find(([, button]) => button === document.activeElement)?.[0];
      drawn.clear();
      seats.replaceChildren(...people.map((person) => seat(person, person.id === speaker)));
      drawn.get(focused)?.focus();
    },

    /** Who is heard right now, by id. */
    speaking(ids) {
      for (const [id, button] of drawn) button.classList.toggle("speaking", ids.has(id));
    },
  };
}
