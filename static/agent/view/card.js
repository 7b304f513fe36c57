// A card as elements. Called only when the card changes. Too much content is cut and counted, never squeezed: a text
// that does not fit at 40 px does not help anybody at 320x180.

import { bars, line } from "../charts.js";
import { inline, parse } from "../markdown.js";
import { draw, make, ruled } from "./make.js";

const SIZE = 40;
const PICTURE = /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/;
const FIGURE = /^[\s$€£+−-]*[\d.,]+\s*(%|[a-zA-Z€$£]{0,3})$/;

/** @param {HTMLElement} place @param {import("../messages.js").Card} card */
export function showCard(place, card) {
  const body = make("div", "body");
  body.dir = "auto";
  const title = make("h2", "title", card.title);
  title.dir = "auto";
  place.replaceChildren(...(card.title ? [title] : []), body);
  const picture = card.kind === "image" && PICTURE.test(card.source);
  place.classList.toggle("bare", picture && !card.title);
  if (picture) showPicture(body, card);
  else if (card.kind === "table") showTable(body, card);
  else if (card.kind === "bar") showBars(body, card);
  else if (card.kind === "line") showLine(body, card);
  else showText(body, card);
}

function runs(text) {
  return asElements(inline(text));
}

function asElements(list) {
  return list.map(({ kind, text }) => (kind === "text" ? document.createTextNode(text) : make(kind, "", text)));
}

function item(children, label) {
  const sign = label ? make("span", "number", `${label}.`) : make("span", "dot");
  return make("div", label ? "item numbered" : "item", sign, ...children);
}

function showText(body, card) {
  const rows = [];
  for (const part of parse(card.text)) {
    if (part.kind === "bullet") rows.push(item(asElements(part.runs)));
    else if (part.kind === "number") rows.push(item(asElements(part.runs), part.label));
    else rows.push(make("p", part.kind, ...asElements(part.runs)));
  }
  for (const text of card.items) rows.push(item(runs(text)));
  body.append(...rows);
  cut(body, rows);
}

/** Take rows away from the end until the rest and a count fit. */
function cut(body, rows) {
  if (body.scrollHeight <= body.clientHeight + 1) return;
  const more = make("p", "more");
  body.append(more);
  let hidden = 0;
  while (rows.length > 1 && body.scrollHeight > body.clientHeight + 1) {
    rows.pop().remove();
    hidden += 1;
    more.textContent = `and ${hidden} more`;
  }
  if (hidden > 0) return;
  more.remove(); // a single long paragraph: clamp it to whole lines
  const lines = Math.max(1, Math.floor(body.clientHeight / parseFloat(getComputedStyle(rows[0]).lineHeight)));
  Object.assign(rows[0].style, { display: "-webkit-box", overflow: "hidden" });
  rows[0].style.setProperty("-webkit-box-orient", "vertical");
  rows[0].style.setProperty("-webkit-line-clamp", String(lines));
}

function showTable(body, card) {
  const width = Math.max(card.columns.length, ...card.rows.map((row) => row.length), 1);
  const columns = Math.min(4, width);
  const figure = (c) => card.rows.length > 0 && card.rows.every((row) => !row[c] || FIGURE.test(row[c]));
  // Figures need little room; what they leave goes to the words.
  const narrow = Array.from({ length: columns }, (_, c) => c > 0 && figure(c));
  const wide = columns - narrow.filter(Boolean).length;
  const shareOf = (c) => (narrow[c] ? 20 : (100 - 20 * (columns - wide)) / wide);
  const cells = (name, texts) => {
    const row = make("tr");
    for (let c = 0; c < columns; c += 1) {
      const cell = make(name, narrow[c] ? "figure" : "", texts[c] ?? "");
      cell.style.width = `${shareOf(c)}%`;
      cell.dir = "auto";
      row.append(cell);
    }
    return row;
  };
  const rows = card.rows.map((texts) => cells("td", texts));
  const table = make("table");
  if (card.columns.length) table.append(make("thead", "", cells("th", card.columns)));
  table.append(make("tbody", "", ...rows));
  body.append(table);
  cut(body, rows);
}

function showPicture(body, card) {
  const picture = make("img", "picture");
  picture.alt = card.title;
  picture.decoding = "async";
  picture.src = card.source;
  body.append(picture);
}

function canvas(body) {
  const box = { width: body.clientWidth, height: body.clientHeight, size: SIZE, measure: ruled(`550 ${SIZE}px`) };
  const drawing = draw("svg", { class: "drawing", viewBox: `0 0 ${box.width} ${box.height}` });
  body.append(drawing);
  return { box, drawing };
}

function showBars(body, card) {
  const { box, drawing } = canvas(body);
  const chart = bars(card, box);
  for (const row of chart.rows) {
    const at = { y: row.middle + SIZE * 0.35 };
    drawing.append(
      draw("text", { x: 0, ...at }, row.label),
      draw("rect", { class: "bar", x: row.x, y: row.y, width: row.width, height: row.height, rx: 10 }),
      draw("text", { class: "value", x: row.numberX, ...at }, row.number),
    );
  }
}

function showLine(body, card) {
  const { box, drawing } = canvas(body);
  const chart = line(card, box);
  const base = box.height - SIZE * 1.35;
  drawing.append(draw("path", { class: "base", d: `M0 ${base}H${box.width}` }), draw("path", { class: "curve", d: chart.path }));
  for (const point of chart.points.length <= 12 ? chart.points : chart.points.slice(-1)) {
    drawing.append(draw("circle", { class: "point", cx: point.x, cy: point.y, r: 12 }));
  }
  for (const note of chart.notes) {
    drawing.append(draw("text", { class: "value", x: note.x, y: note.y, "text-anchor": "middle" }, note.text));
  }
  for (const end of chart.ends) {
    drawing.append(draw("text", { x: end.x, y: box.height - SIZE * 0.2, "text-anchor": end.anchor }, end.text));
  }
}
