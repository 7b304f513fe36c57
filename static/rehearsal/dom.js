// Elements made from plain values. Text enters as text, never as markup.

/**
 * @param {string} name "p" or "p.class.class"
 * @param {Record<string, unknown>} [attributes] `text` is the text, `on` a map of listeners, the rest are attributes
 * @param {(Node|null)[]} [children]
 */
export function make(name, attributes = {}, children = []) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = String(value);
    else if (key === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, String(value));
  }
  element.append(...children.filter(Boolean));
  return element;
}
