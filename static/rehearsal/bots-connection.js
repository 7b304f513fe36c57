// Asks the server how the bots are, as often as it is told to, and brings commands. Never while the tab is hidden.

import { problemOf } from "./bots-state.js";

const LIST = "/api/bots";
/** Milliseconds after which a look is given up; commands wait for the host and take as long as it needs. */
const DEADLINE = 10_000;

/**
 * @param {{
 *   answer: (list: object) => void,
 *   trouble: (problem: {message: string, advice: string}) => void,
 *   pace: () => number,
 * }} to `pace` says in how many milliseconds to look again; 0 for never
 */
export function createBotsConnection(to) {
  let running = false;
  let timer = 0;
  /** The look that is under way; a newer one makes it void. */
  let looking = null;
  let looked = false;

  async function ask(path, options) {
    let status = 0;
    try {
      const answer = await fetch(path, options);
      status = answer.status;
      const content = await answer.json();
      return answer.ok ? { content } : { problem: problemOf(status, content) };
    } catch {
      return { problem: problemOf(status, null) };
    }
  }

  async function look() {
    halt();
    if (!running || document.hidden) return;
    const mine = new AbortController();
    looking = mine;
    const late = setTimeout(() => mine.abort(), DEADLINE);
    const { content, problem } = await ask(LIST, { signal: mine.signal });
    clearTimeout(late);
    if (looking !== mine) return;
    looking = null;
    looked = true;
    if (problem) to.trouble(problem);
    else to.answer(content);
    plan();
  }

  /** Look again in a while, if at all. */
  function plan() {
    clearTimeout(timer);
    const wait = to.pace();
    if (running && !looking && wait) timer = setTimeout(look, wait);
  }

  function halt() {
    clearTimeout(timer);
    looking?.abort();
    looking = null;
  }

  function turned() {
    if (document.hidden) halt();
    else if (!looked || to.pace()) look();
  }

  async function post(path, body) {
    const answer = await ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    // A look from before the command would show the time before it.
    if (looking) look();
    return answer;
  }

  return {
    /** Looks once, whatever the pace: bots may have been sent from elsewhere. */
    start() {
      running = true;
      document.addEventListener("visibilitychange", turned);
      look();
    },
    stop() {
      running = false;
      document.removeEventListener("visibilitychange", turned);
      halt();
    },
    look,
    plan,
    /** Send a bot: `{content}`, the bot, or `{problem}`. */
    join: (order) => post(LIST, order),
    /** Steer a bot: as `join`. */
    act: (id, verb, body) => post(`${LIST}/${encodeURIComponent(id)}/${verb}`, body),
  };
}
