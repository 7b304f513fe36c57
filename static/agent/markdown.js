// The little of Markdown that a card may carry, as a plain tree: paragraphs, bullets, numbers, headings, **strong**,
// *emphasis*, `code`. Everything else stays the text it is; links show their words. The view makes elements of it.

/**
 * @typedef {{kind: "text"|"strong"|"em"|"code", text: string}} Run
 * @typedef {{kind: "paragraph"|"heading"|"bullet"|"number", runs: Run[], label?: string}} Part
 */

const MOST = 3000; // characters; a card shows a tenth of it, and what is matched below stays cheap

/** @param {string} text @returns {Run[]} */
export function inline(text) {
  if (text.length > MOST) return inline(text.slice(0, MOST));
  const runs = [];
  const pattern = /\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\s][^*\n]*)\*|`([^`\n]+)`|!?\[([^\]\n]*)\]\([^)\n]*\)/g;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) runs.push({ kind: "text", text: text.slice(at, match.index) });
    const [, strong, strong2, em, code, link] = match;
    if (strong ?? strong2) runs.push({ kind: "strong", text: strong ?? strong2 });
    else if (em !== undefined) runs.push({ kind: "em", text: em });
    else if (code !== undefined) runs.push({ kind: "code", text: code });
    else runs.push({ kind: "text", text: link });
    at = match.index + match[0].length;
  }
  if (at < text.length) runs.push({ kind: "text", text: text.slice(at) });
  return runs.filter((run) => run.text !== "");
}

/** @param {string} source @returns {Part[]} */
export function parse(source) {
  const parts = [];
  let open = null;
  for (const row of source.slice(0, MOST).replaceAll("\r", "").split("\n")) {
    const line = row.trim();
    const bullet = /^[-*•]\s+(.*)$/.exec(line);
    const numbered = /^(\d{1,3})[.)]\s+(.*)$/.exec(line);
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    if (line === "") open = null;
    else if (heading) parts.push({ kind: "heading", runs: inline(heading[1]) });
    else if (bullet) parts.push({ kind: "bullet", runs: inline(bullet[1]) });
    else if (numbered) parts.push({ kind: "number", label: numbered[1], runs: inline(numbered[2]) });
    else if (open) open.runs.push({ kind: "text", text: " " }, ...inline(line));
    else parts.push((open = { kind: "paragraph", runs: inline(line) }));
    if (heading || bullet || numbered) open = null;
  }
  return parts;
}
