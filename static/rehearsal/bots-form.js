// The form that sends a bot: the meeting's link, and what most people leave as it is.
// The link opens the meeting, so it stands in its field and nowhere else, and is gone once the bot is sent.

import { createProblem, field, tick } from "./bots-elements.js";
import { orderOf } from "./bots-state.js";
import { make } from "./dom.js";

const SENSES = [
  ["voices", "Everybody's sound", "Each person's voice by itself, so it knows exactly who speaks."],
  ["pictures", "Pictures", "Of each person and each shared screen, a few in a second."],
  ["film", "Film", "Of each person, moving. Some hosts want a larger machine for it."],
];

/** @param {{join: (order: object) => Promise<object|null>}} to `join` gives the problem, or null */
export function createJoinForm(to) {
  const link = line({ inputmode: "url", autocapitalize: "off", placeholder: "https://" });
  const name = line({ maxlength: 100, placeholder: "the agent's name" });
  const language = line({ maxlength: 35, placeholder: "the agent's language", autocapitalize: "off" });
  const variant = line({ maxlength: 40, placeholder: "the smallest that works", autocapitalize: "off" });
  const screen = tick("Show the page as a shared screen", "Instead of the bot's camera.");
  const senses = SENSES.map(([sense, label, note]) => tick(label, note, { value: sense }));
  const record = tick("Record", "Keeps what comes in, until you run `parley forget`.");
  const hosts = make("fieldset.hosts", { hidden: true });
  const send = make("button.primary", { type: "submit", text: "Join" });
  const problem = createProblem();
  const options = make("details.options", {}, [
    make("summary", { text: "Options" }),
    make("div.pair", {}, [field("Name in the meeting", name), field("Language", language, "Such as en or pt-BR.")]),
    field("Variant", variant, "Size of the bot's machine by the host's own name, such as web_4_core."),
    screen.element,
    make("fieldset", {}, [
      make("legend", { text: "What it gets besides words" }),
      ...senses.map((each) => each.element),
      record.element,
    ]),
  ]);
  const element = make("form.send", { autocomplete: "off", novalidate: true }, [
    make("div.row.link", {}, [field("The meeting's link", link), send]),
    problem.element,
    hosts,
    options,
  ]);
  let names = "";
  let ready = false;

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!ready || link.readOnly) return;
    link.readOnly = true;
    send.ariaBusy = "true";
    send.textContent = "Joining…";
    problem.update(null);
    const failed = await to.join(
      orderOf({
        link: link.value,
        host: hosts.querySelector(":checked")?.value,
        name: name.value,
        language: language.value,
        variant: variant.value,
        screen: screen.box.checked,
        senses: senses.filter((each) => each.box.checked).map((each) => each.box.value),
        record: record.box.checked,
      }),
    );
    link.readOnly = false;
    send.ariaBusy = "false";
    send.textContent = "Join";
    problem.update(failed);
    if (failed) return link.focus();
    link.value = "";
    options.open = false; // the bot appears below
  });

  return {
    element,
    focus: () => link.focus(),
    /** The hosts that are set up, as the API lists them, and whether a bot could reach us. */
    update(known, reachable) {
      ready = reachable;
      send.disabled = !reachable;
      const now = JSON.stringify(known);
      if (now === names) return;
      names = now;
      const before = hosts.querySelector(":checked")?.value;
      const chosen = known.find((host) => host.name === before) ?? known[0];
      hosts.hidden = known.length < 2;
      hosts.replaceChildren(make("legend", { text: "Through" }), ...known.map((host) => choice(host, host === chosen)));
    },
    /** Forget the link. */
    clear() {
      link.value = "";
    },
  };
}

function line(attributes) {
  // Spelling is checked elsewhere by some browsers: nothing typed here should travel there.
  return make("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
}

function choice({ name, title }, chosen) {
  return make("label.choice", {}, [
    make("input", { type: "radio", name: "host", value: name, checked: chosen }),
    make("span", { text: title }),
  ]);
}
