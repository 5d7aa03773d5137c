/** What a chart shows, in Unix milliseconds. */
export type WindowMs = readonly [fromMs: number, toMs: number];

/** A part of the window that one key press moves it by. */
const PAN_SHARE = 0.2;

/** The window inside its bounds, not narrower than `narrowestMs` if they allow that. */
export function fitWindow(window: WindowMs, bounds: WindowMs, narrowestMs: number): WindowMs {
  const most = bounds[1] - bounds[0];
  const width = Math.min(most, Math.max(narrowestMs, Math.round(window[1] - window[0])));
  const middle = (window[0] + window[1]) / 2;
  const from = Math.round(middle - width / 2);
  const start = Math.min(Math.max(from, bounds[0]), bounds[1] - width);
  return [start, start + width];
}

/** The window later (1) or earlier (-1). */
export function panWindow([from, to]: WindowMs, direction: 1 | -1): WindowMs {
  const by = Math.round((to - from) * PAN_SHARE) * direction;
  return [from + by, to + by];
}

/** The window around the same middle; a factor below 1 shows less of it. */
export function zoomWindow([from, to]: WindowMs, factor: number): WindowMs {
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * factor;
  return [Math.round(middle - half), Math.round(middle + half)];
}

/** Whether both show the same. */
export function isSameWindow(a: WindowMs, b: WindowMs): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
