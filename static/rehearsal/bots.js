// Bots in real meetings: connects what is known of them, the panel that shows it and the server. It decides nothing.

import { createBotsConnection } from "./bots-connection.js";
import { after, noBots, pace } from "./bots-state.js";
import { createBotsView } from "./bots-view.js";

/** @param {{button: HTMLElement, count: HTMLElement, dialog: HTMLDialogElement}} elements */
export function createBots(elements) {
  let state = noBots();

  const connection = createBotsConnection({
    answer: (list) => apply({ ...list, type: "answer" }),
    trouble: (trouble) => apply({ type: "trouble", trouble }),
    pace: () => pace(state, document.hidden),
  });
  const view = createBotsView(elements, {
    opened() {
      apply({ type: "opened" });
      connection.look();
    },
    closed: () => apply({ type: "closed" }),
    async join(order) {
      const { content, problem } = await connection.join(order);
      if (content) apply({ type: "bot", bot: content });
      if (content && order.screen) view.onScreen(content.id);
      return problem ?? null;
    },
    async act(id, verb, body) {
      const { content, problem } = await connection.act(id, verb, body);
      if (content) apply({ type: "bot", bot: content });
      return problem ?? null;
    },
  });

  function apply(event) {
    state = after(state, event);
    view.update(state);
    connection.plan();
  }

  return {
    start() {
      view.start();
      connection.start();
    },
    stop() {
      connection.stop();
      apply({ type: "closed" });
      view.stop();
    },
  };
}
