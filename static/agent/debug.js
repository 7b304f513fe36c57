// `?debug=1`: a small overlay for whoever looks at the tile with an inspector, redrawn once a second. It shows states
// and numbers, never what people say.

const EVERY_MS = 1000;

/** @param {{view: object, state: () => object, stats: () => object}} page */
export function createDebug({ view, state, stats }) {
  let timer = 0;

  function show() {
    const rows = { ...state(), ...stats() };
    view.overlay(
      Object.entries(rows)
        .map(([name, value]) => `${name.padEnd(14)}${value}`)
        .join("\n"),
    );
  }

  function start() {
    if (timer) return;
    timer = setInterval(show, EVERY_MS);
    show();
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    view.overlay(null);
  }

  return { state, stats, start, stop, toggle: () => (timer ? stop() : start()) };
}
