// Elements from names, classes and text. Text from people only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name @param {string} kind class @param {...(Node|string)} children */
export function make(name, kind = "", ...children) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  element.append(...children);
  return element;
}

/** @param {string} name @param {Object<string, string|number>} attributes @param {...(Node|string)} children */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

const ruler = globalThis.document?.createElement("canvas").getContext("2d");

/**
 * Measures text as CSS draws it: the same families in the same order as --type in tokens.css.
 * @param {string} weightAndSize as in "600 60px" @param {number} spacing px @returns {(text: string) => number}
 */
export function ruled(weightAndSize, spacing = 0) {
  const font = `${weightAndSize} "Atkinson Next", "Noto Sans", "Helvetica Neue", Arial, "Noto Sans CJK SC", "Noto Color Emoji", sans-serif`;
  return (text) => {
    if (ruler.font !== font) ruler.font = font;
    ruler.letterSpacing = `${spacing}px`; // where a browser lacks it, lines come out a little shorter
    return ruler.measureText(text).width;
  };
}
