/**
 * Numbers in the pixels of a picture: two bars along the top, of 24 bits and a parity each, in parts of the picture's
 * size, so that they survive scaling and encoding. What a viewer really sees is read from them and from nothing else.
 */
export interface PatternMarks {
  /** Number of the frame, modulo 2^24. */
  readonly number: number;
  /** When the frame was made, in milliseconds of Unix time modulo 2^24. */
  readonly clockMs: number;
}

const BITS = 24;
const CELLS = BITS + 1;
/** A bar takes this part of the height. */
const BARS = 20;
const DARK = 16;
const BRIGHT = 235;

/** Writes both bars into a luma plane without padding. */
export function drawPatternMarks(
  luma: Uint8Array,
  width: number,
  height: number,
  { number, clockMs }: PatternMarks,
): void {
  const barHeight = Math.floor(height / BARS);
  for (const [bar, value] of [number, clockMs].entries()) {
    const first = luma.subarray(bar * barHeight * width, (bar * barHeight + 1) * width);
    for (let cell = 0; cell < CELLS; cell++) {
      const from = Math.round((cell * width) / CELLS);
      const to = Math.round(((cell + 1) * width) / CELLS);
      first.fill(isBright(value, cell) ? BRIGHT : DARK, from, to);
    }
    for (let row = 1; row < barHeight; row++) luma.set(first, (bar * barHeight + row) * width);
  }
}

/**
 * Reads both bars.
 *
 * @param luminance - brightness of a pixel, 0 to 255
 * @returns null when a parity is wrong: the picture is torn, damaged or another one
 */
export function readPatternMarks(
  width: number,
  height: number,
  luminance: (x: number, y: number) => number,
): PatternMarks | null {
  const read = (bar: number): number | null => {
    const y = Math.floor(((bar + 0.5) * height) / BARS);
    let value = 0;
    let ones = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      if (luminance(Math.floor(((cell + 0.5) * width) / CELLS), y) < 128) continue;
      ones++;
      if (cell < BITS) value |= 1 << cell;
    }
    return ones % 2 === 1 ? value : null;
  };
  const number = read(0);
  const clockMs = read(1);
  return number === null || clockMs === null ? null : { number, clockMs };
}

/**
 * A script for a page, which a test injects: `marksOf(element)` reads the bars of an image, a video or a canvas as
 * `{ number, clockMs, ageMs }` or null, the age by the clock of the machine; `watchMarks(element, frames)` looks at
 * each painting and gives so many that differ, in the order in which they were seen.
 */
export const patternMarksScript: string = `
  const BITS = ${BITS}, CELLS = ${CELLS}, BARS = ${BARS};
  ${readPatternMarks.toString()}
  const canvas = document.createElement("canvas");
  globalThis.marksOf = (element) => {
    const width = element.videoWidth || element.naturalWidth || element.width;
    const height = element.videoHeight || element.naturalHeight || element.height;
    if (!width || !height) return null;
    const rows = Math.ceil((height * 2) / BARS);
    canvas.width = width;
    canvas.height = rows;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(element, 0, 0, width, rows, 0, 0, width, rows);
    const { data } = context.getImageData(0, 0, width, rows);
    const marks = readPatternMarks(width, height, (x, y) => data[(y * width + x) * 4 + 1]);
    if (marks === null) return null;
    const wrap = 2 ** BITS;
    const ageMs = (performance.timeOrigin + performance.now() - marks.clockMs) % wrap;
    return { ...marks, ageMs: ageMs > wrap / 2 ? ageMs - wrap : ageMs };
  };
  globalThis.watchMarks = (element, frames) =>
    new Promise((resolve) => {
      const seen = [];
      const look = () => {
        const marks = globalThis.marksOf(element);
        if (marks && seen.at(-1)?.number !== marks.number) seen.push(marks);
        if (seen.length >= frames) resolve(seen);
        else requestAnimationFrame(look);
      };
      look();
    });
`;

/** The parity is odd, so that a bar which is all dark is none. */
function isBright(value: number, cell: number): boolean {
  if (cell < BITS) return (value >>> cell) % 2 === 1;
  let ones = 0;
  for (let bit = 0; bit < BITS; bit++) ones += (value >>> bit) & 1;
  return ones % 2 === 0;
}
