// The recorded meeting: bring one, play it around the agent, fast or slow, pause, go on.

import { make } from "./dom.js";
import { clock } from "./room-state.js";

const SPEEDS = [
  [1, "1×"],
  [2, "2×"],
  [5, "5×"],
  [20, "20×"],
  [0, "At once"],
];
const STEP_MS = 250;

/**
 * @param {HTMLElement} root
 * @param {{choose: () => void, sample: () => void, play: (speed: number) => void, pause: () => void,
 *   unload: () => void}} to
 */
export function createPlayerView(root, to) {
  const title = make("h2");
  const about = make("p.about");
  const toggle = make("button.primary.play", { type: "button" });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Played" });
  const place = make("p.place");
  const trouble = make("p.trouble", { hidden: true });
  const speeds = SPEEDS.map(([speed, text]) =>
    make("button", { type: "button", text, "data-speed": speed, on: { click: () => pick(speed) } }),
  );
  const bring = make("div.bring", {}, [
    make("h2", { text: "Bring a meeting" }),
    make("p.about", { text: "Drop a file here and play it around the agent, then ask what was said." }),
    make("div.row", {}, [
      make("button.quiet", { type: "button", text: "Choose a file", on: { click: to.choose } }),
      make("button.quiet", { type: "button", text: "Use the sample", on: { click: to.sample } }),
    ]),
  ]);
  const loaded = make("div.loaded", {}, [
    make("header", {}, [
      make("div", {}, [title, about]),
      make("button.quiet.close", {
        type: "button",
        text: "×",
        "aria-label": "Put the meeting away",
        on: { click: to.unload },
      }),
    ]),
    make("div.track", {}, [bar, place]),
    make("div.row", {}, [toggle, make("div.speeds", { role: "group", "aria-label": "Speed" }, speeds)]),
    trouble,
  ]);
  root.append(bring, loaded);

  let meeting = null;
  let speed = 1;
  let since = 0;
  let timer = 0;

  toggle.addEventListener("click", () => (meeting?.state === "playing" ? to.pause() : to.play(speed)));

  function pick(wanted) {
    speed = wanted;
    draw();
    // Choosing a speed changes what plays; at once means now.
    if (meeting?.state === "playing" || wanted === 0) to.play(wanted);
  }

  function draw() {
    bring.hidden = Boolean(meeting);
    loaded.hidden = !meeting;
    for (const button of speeds) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
    }
    if (!meeting) return;
    const playing = meeting.state === "playing";
    const passed = playing ? ((performance.now() - since) / 1000) * meeting.speed : 0;
    const seconds = Math.min(meeting.duration, meeting.seconds + passed);
    title.textContent = meeting.title;
    about.textContent = `${meeting.speakers.join(", ")} · ${meeting.turns} turns · ${clock(meeting.duration)}`;
    const words = { ready: "Play", playing: "Pause", paused: "Play on", over: "Play again" };
    toggle.textContent = words[meeting.state];
    bar.value = meeting.speed === 0 ? meeting.said / meeting.turns : seconds / meeting.duration;
    const now = meeting.state === "over" ? "Over" : `${meeting.said} of ${meeting.turns} turns`;
    // Nobody could follow the sound above twice the speed: the server sends none.
    const silent = playing && (meeting.speed > 2 || meeting.speed === 0) ? " · words only, no sound" : "";
    place.textContent = `${now} · ${clock(seconds)}${silent}`;
    trouble.hidden = !meeting.trouble;
    trouble.textContent = meeting.trouble;
    if (playing !== Boolean(timer)) {
      clearInterval(timer);
      timer = playing ? setInterval(draw, STEP_MS) : 0;
    }
  }

  draw();
  return {
    update(next) {
      if (next === meeting) return;
      if (next && next.state === "playing") speed = next.speed;
      meeting = next;
      since = performance.now();
      if (!next && timer) {
        clearInterval(timer);
        timer = 0;
      }
      draw();
    },
    get speed() {
      return speed || 1;
    },
  };
}
