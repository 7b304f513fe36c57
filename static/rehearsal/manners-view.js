// The strip under the stage: the floor, the agent's voice, its hand, and the button that cuts in.

import { floorOf, mayInterrupt, passing, voiceOf } from "./manners.js";
import { hue } from "./room-state.js";

/**
 * @param {{floor: HTMLElement, voice: HTMLElement, hand: HTMLElement, button: HTMLElement}} elements
 * @param {{microphone: () => boolean}} from
 */
export function createMannersView({ floor, voice, hand, button }, from) {
  let room = null;
  let turned = 0;
  let timer = 0;
  let mine = false; // what the agent hears is the person's own voice, until it hears nobody

  function put(part, text) {
    // Told again to a screen reader only when it differs.
    if (part.textContent !== text) part.textContent = text;
  }

  function draw() {
    clearTimeout(timer);
    const since = performance.now() - turned;
    const said = voiceOf(room, since);
    mine = room.manners.talking && (mine || from.microphone());
    const { text, who } = floorOf(room, mine);
    put(floor.lastElementChild, text);
    floor.className = `manner ${who === null ? "" : hue(who)}`;
    floor.dataset.kind = text === "Quiet" ? "quiet" : "taken";
    put(voice.lastElementChild, said.text);
    voice.dataset.kind = said.kind;
    put(hand.firstElementChild, room.manners.hand ? "Hand up" : "Hand");
    put(hand.lastElementChild, room.manners.hand || "Down");
    hand.dataset.kind = room.manners.hand ? "up" : "down";
    hand.title = room.manners.hand;
    button.setAttribute("aria-disabled", String(!mayInterrupt(room)));
    const left = passing(room.manners.voice, since);
    if (left) timer = setTimeout(draw, left);
  }

  return {
    update(next) {
      if (next.manners.voice !== room?.manners.voice) turned = performance.now();
      room = next;
      draw();
    },
  };
}
