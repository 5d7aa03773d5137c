import type { Canvas, Color } from "./canvas.ts";
import { fillRectangle } from "./shapes.ts";

/** Pixels of a letter, before scaling. */
const LETTER_WIDTH = 5;
const LETTER_HEIGHT = 8;
/** Columns from one letter to the next. */
const ADVANCE = 6;

/** Five columns a character from the space to the tilde, two hexadecimal digits each, the lowest bit on top. */
const GLYPHS =
  "000000000000005f00000007000700147f147f14242a7f2a12231308646236495620500008070300001c224100" +
  "0041221c002a1c7f1c2a08083e080800807030000808080808000060600020100804023e5149453e00427f4000" +
  "72494949462141494d331814127f1027454545393c4a49493141211109073649494936464949291e0000140000" +
  "004034000000081422411414141414004122140802015909063e415d594e7c1211127c7f494949363e41414122" +
  "7f4141413e7f494949417f090909013e414151737f0808087f00417f41002040413f017f081422417f40404040" +
  "7f021c027f7f0408107f3e4141413e7f090909063e4151215e7f09192946264949493203017f01033f4040403f" +
  "1f2040201f3f4038403f631408146303047804036159494d43007f4141410204081020004141417f0402010204" +
  "4040404040000307080020545478407f284444383844444428384444287f385454541800087e090218a4a49c78" +
  "7f0804047800447d40002040403d007f1028440000417f40007c047804787c080404783844444438fc18242418" +
  "18242418fc7c08040408485454542404043f44243c4040207c1c2040201c3c4030403c44281028444c9090907c" +
  "4464544c440008364100000077000000413608000201020402";

const COLUMNS: Uint8Array = Uint8Array.from(GLYPHS.match(/../g) ?? [], (digits) =>
  Number.parseInt(digits, 16),
);
const FIRST = 0x20;
const LAST = 0x7e;
const UNKNOWN = 0x3f;

/** How {@link drawText} writes. */
export interface TextStyle {
  readonly color: Color;
  /** Behind the letters, a pixel wider on each side. @defaultValue none */
  readonly background?: Color;
  /** Pixels a pixel of the letters, which are 5 wide and 8 high. @defaultValue 1 */
  readonly scale?: number;
}

/** Pixels that a text takes. */
export function textSize(text: string, scale = 1): { width: number; height: number } {
  const letters = [...text].length;
  return { width: Math.max(0, letters * ADVANCE - 1) * scale, height: LETTER_HEIGHT * scale };
}

/**
 * Writes a line of text in a small built-in font: the printable characters of ASCII, and a question mark for any
 * other.
 *
 * @param x - left edge of the first letter
 * @param y - top edge
 */
export function drawText(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  style: TextStyle,
): void {
  const { color, background, scale = 1 } = style;
  if (background !== undefined) {
    const { width, height } = textSize(text, scale);
    const area = { x: x - scale, y: y - scale, width: width + 2 * scale, height: height + scale };
    fillRectangle(canvas, area, background);
  }
  [...text].forEach((letter, i) => {
    const code = letter.codePointAt(0) ?? UNKNOWN;
    const glyph = (code >= FIRST && code <= LAST ? code : UNKNOWN) - FIRST;
    for (let column = 0; column < LETTER_WIDTH; column++) {
      const bits = COLUMNS[glyph * LETTER_WIDTH + column] as number;
      for (let row = 0; row < LETTER_HEIGHT; row++) {
        if (((bits >> row) & 1) === 0) continue;
        const left = x + (i * ADVANCE + column) * scale;
        fillRectangle(canvas, { x: left, y: y + row * scale, width: scale, height: scale }, color);
      }
    }
  });
}
