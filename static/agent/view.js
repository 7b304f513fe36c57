// The only file (with the drawers in view/) that touches elements. `render` takes what tile() in state.js says and
// changes what differs; the face and the captions change on the player's tick. Nothing here runs by itself.

import { createFace } from "./view/face.js";
import { showCard } from "./view/card.js";
import { make, ruled } from "./view/make.js";
import { shortName, tail } from "./lines.js";

/** Where captions go: a column beside the presence, or a strip under a card. Pixels, as in agent.css. */
const CAPTION = {
  talk: { width: 712, lines: 3, font: "600 60px", spacing: -0.6 },
  card: { width: 872, lines: 2, font: "600 48px", spacing: -0.48 },
};
/** The meeting's lines: how many rows each may fill. Wrapping wastes about a tenth of a row. */
const LINE = {
  talk: { width: 712, older: 2, newest: 3, font: "450 44px" },
  card: { width: 872, older: 0, newest: 2, font: "450 42px" },
};

/** @param {Document} page */
export function createView(page) {
  const main = page.querySelector("main.tile");
  const part = (name) => main.querySelector(name);
  const [name, word, talk, card, note, hand, label] =
    [".name", ".word", ".talk", ".card", ".note", ".hand", ".hand .label"].map(part);
  const face = createFace(part(".mouth"));
  let shown = { mark: "", word: "", stage: "", talk: "", note: null, name: "", card: undefined, hand: "" };
  let speaking = false;
  let overlay = null;

  function captions(texts) {
    return texts.map((text) => {
      const row = make("p", "caption", text);
      row.dir = "auto";
      return row;
    });
  }

  function lines(list, stage) {
    const { width, older, newest, font } = LINE[stage] ?? LINE.talk;
    const measure = ruled(font);
    return list.slice(older ? 0 : -1).map((line, i, all) => {
      const speaker = shortName(line.speaker);
      const room = (i === all.length - 1 ? newest : older) * width * 0.88 - measure(`${speaker} `) * 1.1;
      const words = make("bdi", "words", tail(line.text, room, measure));
      const row = make("p", "line", ...(speaker ? [make("bdi", "speaker", speaker), " "] : []), words);
      row.dir = "auto";
      row.dataset.agent = String(line.agent);
      row.dataset.final = String(line.final);
      return row;
    });
  }

  function showTalk(tile) {
    const kind = tile.sentence ? "sentence" : tile.captions.length ? "captions" : "lines";
    const key = JSON.stringify([kind, tile.stage, tile.sentence, tile.captions, kind === "lines" ? tile.lines : 0]);
    if (key === shown.talk) return;
    shown.talk = key;
    talk.dataset.kind = kind;
    if (kind === "sentence") talk.replaceChildren(make("p", "sentence", tile.sentence));
    else if (kind === "captions") talk.replaceChildren(...captions(tile.captions));
    else talk.replaceChildren(...lines(tile.lines, tile.stage));
  }

  function showWho(tile) {
    if (tile.name !== shown.name) name.textContent = shown.name = tile.name;
    if (tile.mark !== shown.mark) {
      main.dataset.mark = shown.mark = tile.mark;
      if (!speaking) face.rest(tile.mark);
    }
    if (tile.word !== shown.word) word.textContent = shown.word = tile.word;
    if (tile.note !== shown.note) {
      shown.note = tile.note;
      note.textContent = tile.note;
      note.hidden = tile.note === "";
    }
  }

  function showHand(tile) {
    if (tile.hand === shown.hand) return;
    shown.hand = tile.hand;
    main.dataset.hand = tile.hand ? "up" : "down";
    label.textContent = tile.hand;
    hand.hidden = tile.hand === "";
  }

  return {
    /** @param {ReturnType<import("./state.js").tile>} tile @param {string} label */
    render(tile, label) {
      if (page.documentElement.dataset.state !== label) page.documentElement.dataset.state = label;
      if (tile.stage !== shown.stage) main.dataset.stage = shown.stage = tile.stage;
      showWho(tile);
      showHand(tile);
      if (tile.card !== shown.card) {
        shown.card = tile.card;
        card.hidden = tile.card === null;
        if (tile.card) showCard(card, tile.card);
        else card.replaceChildren();
      }
      showTalk(tile);
    },
    /** @param {{open: number, width: number}|null} shape null: the voice is silent @returns {boolean} drawn? */
    mouth(shape) {
      speaking = shape !== null;
      return shape ? face.speak(shape) : face.rest(shown.mark);
    },
    /** How captions are to be broken for a stage. @param {string} stage */
    captionBox(stage) {
      const { width, lines: most, font, spacing } = CAPTION[stage] ?? CAPTION.talk;
      return { width: width - 8, lines: most, measure: ruled(font, spacing) };
    },
    /** The first caption must not be measured with another typeface. */
    ready: () =>
      Promise.all([page.fonts.load('600 60px "Atkinson Next"'), page.fonts.load('450 44px "Atkinson Next"')]).catch(() => {}),
    /** @param {string|null} text */
    overlay(text) {
      if (text === null) {
        overlay?.remove();
        overlay = null;
        return;
      }
      if (!overlay) main.append((overlay = make("pre", "overlay")));
      if (overlay.textContent !== text) overlay.textContent = text;
    },
  };
}
