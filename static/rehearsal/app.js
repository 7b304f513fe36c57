// The rehearsal room: connects the socket, the sound, the stage and the views. It decides nothing about the meeting.

import { createBots } from "./bots.js";
import { createConnection } from "./connection.js";
import { make } from "./dom.js";
import { createInterrupt } from "./interrupt.js";
import { mayInterrupt, speakers } from "./manners.js";
import { createMannersView } from "./manners-view.js";
import { lean, questionsOf, readMeetingFile, sendMeeting } from "./meeting-file.js";
import { createPeopleView } from "./people-view.js";
import { createPlayerView } from "./player-view.js";
import { after, emptyRoom, hue } from "./room-state.js";
import { createSound } from "./sound.js";
import { createStage } from "./stage.js";
import { suggestions } from "./suggestions.js";
import { createTalk } from "./talk.js";
import { createTranscriptView } from "./transcript-view.js";

const NOTICE_MS = 7000;
const SAMPLE = "/static/rehearsal/sample-meeting.json";
const QUESTIONS = "parley.questions";
const $ = (id) => document.getElementById(id);

let room = emptyRoom();
let joined = false;
let noticeTimer = 0;
let chipsKey = "";
const touched = new Set();
let all = false;
let frame = 0;

const sound = createSound({ trouble: notice });
// The agent's page, of the same origin, takes its microphone from here: see stand-in.js.
window.parleyMeeting = { stream: () => sound.stream() };

createStage({ column: $("left"), tile: document.querySelector(".tile"), desk: $("desk") });
const transcript = createTranscriptView({ list: $("lines"), latest: $("latest"), announce: $("announce") });
const people = createPeopleView(
  { seats: $("seats"), add: $("add"), dialog: $("person") },
  {
    choose: (person) => apply({ type: "choose", person }),
    add: (name) => command({ type: "person.add", name }),
    rename: (person, name) => command({ type: "person.rename", person, name }),
    remove: (person) => command({ type: "person.remove", person }),
  },
);
const player = createPlayerView($("player"), {
  choose: () => $("file").click(),
  sample: loadSample,
  play: (speed) => joinThen(() => command({ type: "play", speed })),
  pause: () => command({ type: "pause" }),
  unload: () => command({ type: "unload" }),
});
const talk = createTalk({ button: $("talk"), word: $("talk-word"), note: $("talk-note") }, sound, {
  join,
  changed: () => manners.update(room),
});
const manners = createMannersView(
  { floor: $("floor"), voice: $("voice"), hand: $("hand"), button: $("interrupt") },
  { microphone: () => talk.on },
);
createInterrupt(
  { button: $("interrupt"), words: $("words"), agent: $("agent") },
  {
    may: () => mayInterrupt(room),
    cutIn: (text) => joinThen(() => command({ type: "interrupt", person: room.speaker, text })),
  },
);
const connection = createConnection({ event: received, sound: sound.frame, status: connected });

// ---- in

function received(event) {
  switch (event.type) {
    case "problem":
    case "notice":
      notice(event.message ?? event.text);
      return;
    case "closed":
      return;
    case "welcome":
      show(event.page);
  }
  apply(event);
}

/** The agent's page is loaded once for each address; a socket that came back leaves it running. */
function show(address) {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) return;
  const shown = $("agent").dataset.page;
  // The address carries a token that may be a fresh one of the same session: only a new room means a new page.
  const key = sessionStorage.getItem("parley.room");
  if (shown === key) return;
  $("agent").dataset.page = key;
  $("agent").src = url.href;
}

function apply(event) {
  const { room: next, touched: ids } = after(room, event);
  room = next;
  if (ids === null) all = true;
  else for (const id of ids) touched.add(id);
  // An instant meeting brings hundreds of lines a second: one drawing for each frame of the screen is enough.
  frame ||= requestAnimationFrame(draw);
}

function draw() {
  frame = 0;
  transcript.update(room.lines, all ? null : touched);
  all = false;
  touched.clear();
  people.update(room.people, room.speaker);
  people.speaking(new Set(speakers(room.lines).keys()));
  manners.update(room);
  player.update(room.meeting);
  document.documentElement.dataset.agent = room.state;
  const speaker = room.people.find((person) => person.id === room.speaker);
  $("say-as").textContent = speaker?.name ?? "";
  $("say").className = `say ${hue(room.speaker)}`;
  $("words").placeholder = speaker ? `Say something as ${speaker.name}…` : "";
  const { answered, silent } = room.tally;
  $("tally").textContent = answered + silent ? `answered ${answered} · stayed silent ${silent}` : "";
  drawChips();
}

function drawChips() {
  const chips = suggestions(room, JSON.parse(sessionStorage.getItem(QUESTIONS) ?? "[]"));
  const key = JSON.stringify(chips);
  if (key === chipsKey) return;
  chipsKey = key;
  $("chips").replaceChildren(
    ...chips.map((chip) =>
      make(`button.chip${chip.person ? `.${hue(chip.person)}` : ""}`, {
        type: "button",
        text: chip.label,
        on: { click: () => take(chip) },
      }),
    ),
  );
}

function connected(status) {
  if (status === "renewed") return notice("The room had ended while nobody was here. This is a new one.");
  const words = { connecting: "", open: "", lost: "Connection lost: coming back…", over: "This room is closed here." };
  $("connection").textContent = words[status];
  document.documentElement.dataset.connection = status;
  if (status === "over") {
    connection.forget();
    $("agent").removeAttribute("src");
    talk.stop();
  }
}

// ---- out

function command(message) {
  if (!connection.send(message)) notice("There is no connection right now. Try again in a moment.");
}

async function join() {
  await sound.join();
  if (joined) return;
  joined = true;
  document.documentElement.dataset.joined = "true";
  $("veil").hidden = true;
  $("words").focus({ preventScroll: true });
}

/** Everything that sounds begins with a click, and every click may be the first one. */
async function joinThen(run) {
  await join();
  run();
}

function take(chip) {
  switch (chip.kind) {
    case "say":
      apply({ type: "choose", person: chip.person });
      return joinThen(() => command({ type: "say", person: chip.person, text: chip.text }));
    case "sample":
      return loadSample();
    case "play":
      return joinThen(() => command({ type: "play", speed: player.speed }));
    case "instant":
      return joinThen(() => command({ type: "play", speed: 0 }));
  }
}

async function loadSample() {
  try {
    const answer = await fetch(SAMPLE);
    if (!answer.ok) throw new Error("The sample meeting could not be loaded.");
    await load(await answer.json(), "Sample meeting");
  } catch (error) {
    notice(error.message);
  }
}

async function loadFile(file) {
  try {
    await load(await readMeetingFile(file), file.name.replace(/\.json$/i, ""));
  } catch (error) {
    notice(error.message);
  }
}

async function load(whole, name) {
  const room = sessionStorage.getItem("parley.room") ?? "";
  await sendMeeting(room, name, lean(whole));
  sessionStorage.setItem(QUESTIONS, JSON.stringify(questionsOf(whole)));
}

function notice(sentence) {
  const element = $("notice");
  element.textContent = sentence;
  element.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (element.hidden = true), NOTICE_MS);
}

// ---- the person's hands

$("join").addEventListener("click", join);
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  if (!text) return;
  $("words").value = "";
  joinThen(() => command({ type: "say", person: room.speaker, text }));
});
$("words").addEventListener("keydown", (event) => {
  // Alt and a digit: the next speaker without leaving the line.
  const person = event.altKey ? room.people[Number(event.code.replace("Digit", "")) - 1] : undefined;
  if (!person) return;
  event.preventDefault();
  apply({ type: "choose", person: person.id });
});
$("hear").addEventListener("click", ({ currentTarget: button }) => {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  sound.aloud(on);
});
$("restart").addEventListener("click", () => connection.restart());
$("file").addEventListener("change", ({ currentTarget: input }) => {
  if (input.files[0]) loadFile(input.files[0]);
  input.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    $("drop").hidden = false;
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").hidden = true;
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  if (event.dataTransfer.files[0]) loadFile(event.dataTransfer.files[0]);
});

createBots({ button: $("bots-open"), count: $("bots-count"), dialog: $("bots") }).start();
apply({ type: "choose", person: 0 });
connection.start();
