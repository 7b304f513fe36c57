// What this page knows about the bots in meetings, and how a person is told. Pure: an event in, the next state out.

/** Milliseconds between two looks: while the panel is open, and for the count beside its button. */
export const OPEN_MS = 2000;
export const COUNT_MS = 15_000;
/** People named on a card; more are counted. */
const NAMED = 16;

const PLATFORMS = {
  zoom: "Zoom",
  google_meet: "Google Meet",
  microsoft_teams: "Microsoft Teams",
  webex: "Webex",
  goto: "GoTo Meeting",
  slack: "Slack huddle",
};
/** A state's word, and the shape that tells it without colour. */
const STATES = {
  joining: { word: "Joining", shape: "dots" },
  waiting: { word: "Waiting to be let in", shape: "half" },
  "in-call": { word: "In the call", shape: "ring" },
  live: { word: "Live", shape: "disc" },
  leaving: { word: "Leaving", shape: "arrow" },
  done: { word: "Over", shape: "square" },
  failed: { word: "Failed", shape: "cross" },
};
const AGENT = {
  listening: "The agent is listening.",
  thinking: "The agent is thinking.",
  speaking: "The agent is speaking.",
  muted: "The agent is silent until it is called.",
  trouble: "The agent is in trouble: something it needs failed.",
};
// Made once: they are slow to make, and a long list of steps is told every two seconds.
const MINUTES = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit", second: "2-digit" });
const IN_CALL = new Set(["in-call", "live"]);

/** The state before the first answer. */
export function noBots() {
  return { known: false, bots: [], hosts: [], reachable: false, open: false, trouble: null, putAway: new Set() };
}

/**
 * The state after `event`: an `answer` of the list, one `bot` that a command answered with, `trouble` (null: none), or
 * the panel `opened` or `closed`. A bot that ends stays where it is until the panel is closed: nobody should have to
 * look for what went wrong.
 */
export function after(state, event) {
  switch (event.type) {
    case "answer": {
      const { bots, hosts, reachable } = event;
      // What was over before this page looked is history; what ends from now on is news.
      const old = bots.filter((bot) => bot.over && (!state.known || state.putAway.has(bot.id)));
      return { ...state, known: true, bots, hosts, reachable, trouble: null, putAway: ids(old) };
    }
    case "bot": {
      const known = state.bots.some((bot) => bot.id === event.bot.id);
      const bots = known
        ? state.bots.map((bot) => (bot.id === event.bot.id ? event.bot : bot))
        : [event.bot, ...state.bots];
      return { ...state, bots };
    }
    case "trouble":
      return { ...state, trouble: event.trouble };
    case "opened":
      return { ...state, open: true };
    case "closed":
      return { ...state, open: false, putAway: ids(state.bots.filter((bot) => bot.over)) };
    default:
      return state;
  }
}

function ids(bots) {
  return new Set(bots.map((bot) => bot.id));
}

/** Milliseconds until the next look; 0 for none. */
export function pace(state, hidden) {
  if (hidden) return 0;
  if (state.open) return OPEN_MS;
  return alive(state) ? COUNT_MS : 0;
}

function alive(state) {
  return state.bots.filter((bot) => !bot.over).length;
}

/** The bots of now and those put away, both newest first. */
export function groups(state) {
  return {
    now: state.bots.filter((bot) => !state.putAway.has(bot.id)),
    earlier: state.bots.filter((bot) => state.putAway.has(bot.id)),
  };
}

/** The mark beside the button: how many bots are out, or that one failed while nobody looked. Null for no mark. */
export function badge(state) {
  const count = alive(state);
  const failed = state.bots.some((bot) => bot.state === "failed" && !state.putAway.has(bot.id));
  const out = count === 1 ? "1 bot is out" : `${count} bots are out`;
  if (failed) return { text: "!", label: count ? `a bot failed, ${out}` : "a bot failed", failed };
  return count ? { text: String(count), label: out, failed } : null;
}

/** What has to happen before a bot can be sent: "unknown" until the first answer. */
export function setUp(state) {
  if (!state.known) return "unknown";
  if (!state.hosts.length) return "no-host";
  return state.reachable ? "ready" : "unreachable";
}

/** The server's words as a sentence: they begin small and end bare. */
export function sentence(words) {
  const text = words.trim();
  if (!text) return "";
  const [first] = text;
  return first.toLocaleUpperCase() + text.slice(first.length) + (/[.!?…]$/.test(text) ? "" : ".");
}

/** Seconds since 1970 as the time of day here. */
export function timeOf(seconds, exact = false) {
  return (exact ? SECONDS : MINUTES).format(seconds * 1000);
}

/** Everything a card says about a bot, in words, and what can be done with it now. */
export function cardOf(bot, hosts) {
  const host = hosts.find((each) => each.name === bot.host);
  const inCall = IN_CALL.has(bot.state);
  const sent = bot.steps[0]?.at;
  const through = [host?.title ?? bot.host, sent && `sent ${timeOf(sent)}`, bot.recording && !bot.over && "recording"];
  return {
    id: bot.id,
    state: bot.state,
    title: PLATFORMS[bot.platform] ?? "Meeting",
    through: through.filter(Boolean).join(" · "),
    chip: STATES[bot.state] ?? { word: bot.state, shape: "ring" },
    words: sentence(bot.words),
    advice: bot.advice,
    agent: inCall ? agentOf(bot, host) : "",
    people: inCall ? peopleOf(bot.people) : null,
    steps: bot.steps.map((step) => ({
      at: timeOf(step.at, true),
      words: sentence(step.words),
      advice: step.advice,
    })),
    pictures: !bot.over && bot.pictures.length > 0,
    shown: bot.page,
    can: {
      tell: inCall,
      page: inCall && Boolean(host?.shows_page),
      leave: !bot.over && bot.state !== "leaving",
    },
  };
}

function agentOf(bot, host) {
  if (bot.page) return AGENT[bot.agent] ?? "";
  return host?.shows_page === false ? "The agent's voice is not connected." : "The agent's page is not shown.";
}

function peopleOf(people) {
  const named = people.slice(0, NAMED).map((one) => ({
    name: one.name || "Somebody",
    tag: one.bot ? "bot" : one.host ? "host" : "",
  }));
  return { named, more: people.length - named.length };
}

/** What `POST /api/bots` takes: what was left empty is the server's to choose. */
export function orderOf({ link, host, name, language, variant, screen, senses, record }) {
  const order = { meeting_url: link.trim(), senses, screen, record };
  for (const [key, value] of Object.entries({ host, name, language, variant })) {
    if (value?.trim()) order[key] = value.trim();
  }
  return order;
}

/** Why a request failed, and what to do. `status` 0: there was no answer. */
export function problemOf(status, body) {
  if (!status) return { message: "Parley does not answer.", advice: "Look whether `parley serve` still runs." };
  if (status === 401) return { message: "You are no longer logged in.", advice: "Load this page again." };
  const fields = (body?.fields ?? []).map(({ field, problem }) => `${field}: ${problem}`).join("; ");
  const message = body?.message ?? `Parley answered ${status}`;
  return { message: sentence(fields ? `${message}: ${fields}` : message), advice: body?.advice ?? "" };
}
