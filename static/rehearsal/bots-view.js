// The panel on the right: what must be set up, the form that sends a bot, and the bots.

import { createCard } from "./bots-card.js";
import { createProblem, marked } from "./bots-elements.js";
import { createJoinForm } from "./bots-form.js";
import { createSheet } from "./bots-sheet.js";
import { badge, cardOf, groups, setUp } from "./bots-state.js";
import { make } from "./dom.js";

/** What has to be done before a bot can be sent, by what `setUp` says. */
const NOTES = {
  "no-host":
    "The agent enters real meetings through a bot host, and none is set up here yet. Put `PARLEY_RECALL_API_KEY` and " +
    "`PARLEY_RECALL_REGION`, or `PARLEY_MEETSTREAM_API_KEY`, into the file `.env` in Parley's folder. Then stop " +
    "`parley serve` and start it again.",
  unreachable:
    "A bot cannot reach this machine yet. Run `ngrok start parley --config ngrok.yml` in another terminal, and this " +
    "page will see it. Or set `PARLEY_PUBLIC_URL` to an address of your own and start `parley serve` again.",
};

/**
 * @param {{button: HTMLElement, count: HTMLElement, dialog: HTMLDialogElement}} elements
 * @param {{opened: () => void, closed: () => void, join: (order: object) => Promise<object|null>,
 *   act: (id: string, verb: string, body: object) => Promise<object|null>}} to
 */
export function createBotsView({ button, count, dialog }, to) {
  /** @type {Map<string, ReturnType<typeof createCard>>} */ const cards = new Map();
  const close = make("button.quiet.close", { type: "button", text: "×", "aria-label": "Close" });
  const trouble = createProblem();
  const note = make("p.note", { hidden: true });
  const form = createJoinForm(to);
  const now = make("div.list");
  const earlier = make("div.list");
  const earlierCount = make("summary");
  const history = make("details.earlier", {}, [earlierCount, earlier]);
  let shownSetUp = "unknown";
  let pressedOutside = false;

  function open() {
    to.opened();
    if (!dialog.open) dialog.showModal();
    if (!form.element.hidden) form.focus();
  }

  // A drag that began inside may end outside: only a press and a release outside close.
  const outside = (event) => event.target === dialog && event.clientX < dialog.getBoundingClientRect().left;
  const pressed = (event) => (pressedOutside = outside(event));
  const released = (event) => pressedOutside && outside(event) && dialog.close();
  const shut = () => dialog.close();

  function draw(state) {
    const set = setUp(state);
    trouble.update(state.trouble);
    if (set !== shownSetUp) note.replaceChildren(...marked(NOTES[set] ?? ""));
    note.hidden = !NOTES[set];
    form.element.hidden = set === "unknown" || set === "no-host";
    form.update(state.hosts, set === "ready");
    // It was opened before the first answer: nobody has gone anywhere else meanwhile.
    if (shownSetUp === "unknown" && !form.element.hidden && document.activeElement === close) form.focus();
    shownSetUp = set;
    const { now: here, earlier: gone } = groups(state);
    for (const id of cards.keys()) {
      if (!state.bots.some((bot) => bot.id === id)) {
        cards.get(id).element.remove();
        cards.delete(id);
      }
    }
    place(earlier, gone, state.hosts);
    place(now, here, state.hosts);
    history.hidden = !gone.length;
    earlierCount.textContent = `Earlier (${gone.length})`;
  }

  function place(list, bots, hosts) {
    bots.forEach((bot, index) => {
      const card = cards.get(bot.id) ?? fresh(bot.id);
      // Moving an element takes the focus from it, so only what is out of place moves.
      if (list.children[index] !== card.element) list.insertBefore(card.element, list.children[index] ?? null);
      card.update(cardOf(bot, hosts));
    });
  }

  function fresh(id) {
    const card = createCard(id, to, createSheet(id));
    cards.set(id, card);
    return card;
  }

  return {
    start() {
      dialog.append(
        make("header", {}, [make("h2", { id: "bots-title", text: "In real meetings" }), close]),
        make("div.body", {}, [trouble.element, note, form.element, now, history]),
      );
      button.addEventListener("click", open);
      close.addEventListener("click", shut);
      dialog.addEventListener("pointerdown", pressed);
      dialog.addEventListener("click", released);
      dialog.addEventListener("close", to.closed);
    },
    stop() {
      button.removeEventListener("click", open);
      close.removeEventListener("click", shut);
      dialog.removeEventListener("pointerdown", pressed);
      dialog.removeEventListener("click", released);
      dialog.removeEventListener("close", to.closed);
      dialog.close();
      form.clear();
      dialog.replaceChildren();
    },
    /** Draw what changed; behind a closed panel only the count. */
    update(state) {
      const mark = badge(state);
      count.hidden = !mark;
      count.dataset.failed = String(Boolean(mark?.failed));
      count.replaceChildren(
        make("span", { text: mark?.text ?? "", "aria-hidden": "true" }),
        make("span.unseen", { text: mark ? `, ${mark.label}` : "" }),
      );
      if (state.open) draw(state);
    },
    /** This bot was sent to share its screen. */
    onScreen(id) {
      cards.get(id)?.onScreen();
    },
  };
}
