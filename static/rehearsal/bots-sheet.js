// The contact sheet of one meeting: everybody's newest picture, fetched anew every few seconds while it is looked at.

import { make } from "./dom.js";

const EVERY_MS = 4000;

/** @param {string} id the bot's; @param {() => number} now milliseconds, for tests */
export function createSheet(id, now = () => performance.now()) {
  const address = `/api/bots/${encodeURIComponent(id)}/sheet`;
  const image = make("img", { alt: "The newest picture of everybody in the meeting" });
  const link = { href: address, target: "_blank", rel: "noopener", title: "Open it large" };
  const element = make("a.sheet", { ...link, hidden: true }, [image]);
  let asked = -Infinity;
  let loading = false;
  let wanted = false;
  let number = 0;
  // A new picture takes the place of the old one when it is there; until the first there is nothing to show.
  image.addEventListener("load", () => {
    loading = false;
    element.hidden = !wanted;
  });
  image.addEventListener("error", () => {
    loading = false;
    element.hidden = true;
  });
  return {
    element,
    /** Called with every look at the bot; `there`: there are pictures. */
    update(there) {
      wanted = there;
      if (!there) element.hidden = true;
      if (!there || loading || now() - asked < EVERY_MS) return;
      asked = now();
      loading = true;
      image.src = `${address}?n=${(number += 1)}`;
    },
  };
}
