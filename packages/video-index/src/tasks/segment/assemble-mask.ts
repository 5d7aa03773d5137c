import type { ImagePlacement } from "../inference-task.ts";
import type { InstanceMask } from "./instance-mask.ts";

/** The prototypes of one frame: the pictures of which every mask is a weighted sum. */
export interface Prototypes {
  /** `[count, height, width]`. */
  readonly data: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes one object's mask: the sigmoid of its coefficients times the prototypes, resized linearly to frame pixels,
 * cut to the box and cut at the threshold.
 *
 * @param box - x1, y1, x2, y2 in frame pixels
 * @param coefficient - of each prototype
 * @param threshold - 0 to 1
 */
export function assembleMask(
  box: ArrayLike<number>,
  coefficient: (prototype: number) => number,
  prototypes: Prototypes,
  placement: ImagePlacement,
  threshold: number,
): InstanceMask {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = Array.from(box);
  const x = Math.floor(x1);
  const y = Math.floor(y1);
  const width = Math.max(1, Math.ceil(x2) - x);
  const height = Math.max(1, Math.ceil(y2) - y);
  const { scaleX, scaleY, left, top, inputWidth, inputHeight } = placement;
  const stepX = prototypes.width / inputWidth;
  const stepY = prototypes.height / inputHeight;
  // Centres of pixels meet centres of pixels.
  const columns = gridPlaces(width, prototypes.width, (at) => {
    return ((x + at + 0.5 - placement.x) * scaleX + left) * stepX - 0.5;
  });
  const rows = gridPlaces(height, prototypes.height, (at) => {
    return ((y + at + 0.5 - placement.y) * scaleY + top) * stepY - 0.5;
  });
  const values = sampled(coefficient, prototypes, columns, rows);
  const valueWidth = columns.last - columns.first + 1;
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    // A pixel is of the box when its centre is.
    if (y + row + 0.5 < y1 || y + row + 0.5 > y2) continue;
    const upper = rows.low[row] as number;
    const lower = Math.min(upper + 1, rows.last);
    const down = rows.part[row] as number;
    for (let column = 0; column < width; column++) {
      if (x + column + 0.5 < x1 || x + column + 0.5 > x2) continue;
      const near = (columns.low[column] as number) - columns.first;
      const far = Math.min(near + 1, valueWidth - 1);
      const across = columns.part[column] as number;
      const at = (line: number): number => {
        const start = (line - rows.first) * valueWidth;
        const a = values[start + near] as number;
        return a + ((values[start + far] as number) - a) * across;
      };
      const high = at(upper);
      data[row * width + column] = high + (at(lower) - high) * down >= threshold ? 1 : 0;
    }
  }
  return { x, y, width, height, data };
}

/** For each pixel of a row or column of a mask, the prototype pixel before it and how far it is towards the next. */
interface GridPlaces {
  readonly low: Int32Array;
  readonly part: Float32Array;
  /** The prototype pixels that are needed. */
  readonly first: number;
  readonly last: number;
}

function gridPlaces(length: number, size: number, place: (at: number) => number): GridPlaces {
  const low = new Int32Array(length);
  const part = new Float32Array(length);
  for (let at = 0; at < length; at++) {
    const exact = Math.min(Math.max(place(at), 0), size - 1);
    low[at] = Math.floor(exact);
    part[at] = exact - Math.floor(exact);
  }
  const last = Math.min((low[length - 1] as number) + 1, size - 1);
  return { low, part, first: low[0] as number, last };
}

/** The sigmoid of the weighted sum of the prototypes, where it is needed. */
function sampled(
  coefficient: (prototype: number) => number,
  { data, count, width, height }: Prototypes,
  columns: GridPlaces,
  rows: GridPlaces,
): Float32Array {
  const valueWidth = columns.last - columns.first + 1;
  const values = new Float32Array(valueWidth * (rows.last - rows.first + 1));
  for (let prototype = 0; prototype < count; prototype++) {
    const weight = coefficient(prototype);
    let at = 0;
    for (let row = rows.first; row <= rows.last; row++) {
      let from = (prototype * height + row) * width + columns.first;
      for (let column = 0; column < valueWidth; column++) {
        values[at] = (values[at] as number) + weight * (data[from++] as number);
        at += 1;
      }
    }
  }
  for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-(values[i] as number)));
  return values;
}
