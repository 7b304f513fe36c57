// The meeting's own record: everybody's lines as they are said, word by word, and under each why the agent
// answered or did not.

import { make } from "./dom.js";
import { toldOf } from "./manners.js";
import { clock, explain, hue, initial, wordsSaid } from "./room-state.js";

const STEP_MS = 60;
/** The sound reaches the ear about this much after the line was announced. */
const SOUND_DELAY_MS = 120;
const NEAR_END = 80;

/** @param {{list: HTMLElement, latest: HTMLElement, announce: HTMLElement}} elements */
export function createTranscriptView({ list, latest, announce }) {
  /** @type {Map<string, {root: HTMLElement, words: HTMLElement, decision: HTMLElement|null,
   *   decided: string, told: HTMLElement|null}>} */
  const drawn = new Map();
  /** @type {Map<string, {line: object, began: number}>} */
  const growing = new Map();
  let timer = 0;
  let following = true;
  let top = 0;
  const empty = make("div.empty", {}, [
    make("p", { text: "Nothing has been said yet." }),
    make("p", { text: "What people and the agent say appears here, and why it answered or stayed silent." }),
  ]);
  list.append(empty);

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
  // Only going back by hand ends the following: lines that grow or arrive move the end away from us, too.
  list.addEventListener("scroll", () => {
    if (atEnd()) following = true;
    else if (list.scrollTop < top) following = false;
    top = list.scrollTop;
    latest.hidden = following;
  });
  latest.addEventListener("click", () => {
    following = true;
    toEnd();
  });

  function toEnd() {
    if (following) list.scrollTop = list.scrollHeight;
    latest.hidden = following || !drawn.size;
  }

  function grow() {
    for (const [id, { line, began }] of growing) {
      const count = wordsSaid(line, (performance.now() - began) / 1000);
      const text = line.text.split(" ").slice(0, count).join(" ");
      const words = drawn.get(id)?.words;
      if (words && words.textContent !== text) words.textContent = text;
    }
    toEnd();
    if (!growing.size) {
      clearInterval(timer);
      timer = 0;
    }
  }

  function start(line) {
    const before = list.lastElementChild;
    const again = before?.dataset.person === String(line.person) && !before.querySelector(".decision");
    const words = make("p.words");
    const root = make(`article.line.${hue(line.person)}`, { "data-person": line.person }, [
      make("span.face", { text: line.agent ? "" : initial(line.speaker), "aria-hidden": "true" }),
      make("header", {}, [
        make("b", { text: line.speaker }),
        line.agent ? make("span.ai", { text: "AI" }) : make("time", { text: clock(line.start) }),
      ]),
      words,
    ]);
    if (again) root.classList.add("again");
    list.append(root);
    const entry = { root, words, decision: null, decided: "", told: null };
    drawn.set(line.id, entry);
    return entry;
  }

  function draw(line) {
    const entry = drawn.get(line.id) ?? start(line);
    entry.root.classList.toggle("open", !line.final);
    entry.root.classList.toggle("cut", line.cut);
    if (line.final || !line.words.length) {
      growing.delete(line.id);
      entry.words.textContent = line.text;
      if (line.agent && line.final) announce.textContent = `${line.speaker}: ${line.text}`;
    } else if (!growing.has(line.id)) {
      growing.set(line.id, { line, began: performance.now() + SOUND_DELAY_MS - (line.age ?? 0) * 1000 });
      timer ||= setInterval(grow, STEP_MS);
    }
    if (line.decision) decide(entry, line);
    if (line.voice) {
      entry.told ??= entry.root.appendChild(make("p.told"));
      entry.told.replaceChildren(...toldOf(line.voice).map((text) => make("span", { text })));
    }
  }

  function decide(entry, line) {
    const { verdict, evidence, floor, outcome } = line.decision;
    const said = explain(line.decision);
    const text = [[said.verdict, said.why].filter(Boolean).join(": "), said.wait].filter(Boolean).join(" · ");
    if (entry.decided === text) return;
    entry.decided = text;
    // What it went by, for whoever points at it.
    const title = [evidence, floor].filter(Boolean).join(" · ");
    const why = [said.why, said.wait].filter(Boolean).join(" · ");
    const fresh = make("p.decision", { "data-verdict": verdict, "data-outcome": outcome, title }, [
      said.verdict ? make("span.verdict", { text: said.verdict }) : null,
      said.verdict && why ? make("span.unseen", { text: ": " }) : null,
      why ? make("span.why", { text: why }) : null,
    ]);
    if (entry.decision) entry.decision.replaceWith(fresh);
    else entry.words.after(fresh);
    entry.decision = fresh;
    announce.textContent = `${line.speaker}: ${text}`;
  }

  return {
    /** Draw these lines again (all when null); lines no longer in the room go. */
    update(lines, touched) {
      if (touched === null) {
        growing.clear();
        for (const { root } of drawn.values()) root.remove();
        drawn.clear();
      }
      for (const id of touched ?? lines.keys()) {
        const line = lines.get(id);
        if (line) draw(line);
        else {
          drawn.get(id)?.root.remove();
          drawn.delete(id);
          growing.delete(id);
        }
      }
      empty.hidden = drawn.size > 0;
      toEnd();
    },
  };
}
