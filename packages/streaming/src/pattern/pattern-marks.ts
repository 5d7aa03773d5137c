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
/** A bar takes this share of the height. */
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

/** The parity is odd, so that a bar which is all dark is none. */
function isBright(value: number, cell: number): boolean {
  if (cell < BITS) return (value >>> cell) % 2 === 1;
  let ones = 0;
  for (let bit = 0; bit < BITS; bit++) ones += (value >>> bit) & 1;
  return ones % 2 === 0;
}
