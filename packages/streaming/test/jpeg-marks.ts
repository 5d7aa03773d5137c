import { createRequire } from "node:module";
import { type PatternMarks, readPatternMarks } from "../src/pattern/pattern-marks.ts";

interface Turbo {
  readonly FORMAT_GRAY: number;
  decompressSync(
    jpeg: Uint8Array,
    options: { readonly format: number },
  ): { readonly width: number; readonly height: number; readonly data: Uint8Array };
}
const turbo: Turbo = createRequire(import.meta.url)("@julusian/jpeg-turbo");

/** Reads the marks in the pixels of a JPEG; null when there are none. */
export function jpegMarks(jpeg: Uint8Array): PatternMarks | null {
  const { width, height, data } = turbo.decompressSync(jpeg, { format: turbo.FORMAT_GRAY });
  return readPatternMarks(width, height, (x, y) => data[y * width + x] ?? 0);
}
