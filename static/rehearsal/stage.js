// The agent's page at exactly 1280x720, made smaller only by a transform, as large as the room allows.

const WIDTH = 1280;
const HEIGHT = 720;

/** @param {{column: HTMLElement, tile: HTMLElement, desk: HTMLElement}} elements the desk keeps the room it needs */
export function createStage({ column, tile, desk }) {
  const fit = () => {
    const gap = parseFloat(getComputedStyle(column).rowGap) || 0;
    const height = column.clientHeight - desk.offsetHeight - gap;
    const scale = Math.min(column.clientWidth / WIDTH, height / HEIGHT);
    if (scale > 0.1) tile.style.setProperty("--scale", scale.toFixed(4));
  };
  const watch = new ResizeObserver(fit);
  watch.observe(column);
  watch.observe(desk);
  fit();
  return { stop: () => watch.disconnect() };
}
