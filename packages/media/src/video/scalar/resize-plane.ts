import type { Plane } from "./plane.ts";

/** A plane in another size: bilinear when it grows, a triangle over what is left out when it shrinks. */
export function resizePlane(plane: Plane, width: number, height: number): Plane {
  if (plane.width === width && plane.height === height) return plane;
  const across = taps(plane.width, width);
  const down = taps(plane.height, height);
  const narrow = new Float32Array(width * plane.height);
  for (let row = 0, at = 0; row < plane.height; row++) {
    const from = row * plane.width;
    for (const { first, weights } of across) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) {
        sum += (weights[tap] ?? 0) * (plane.samples[from + first + tap] ?? 0);
      }
      narrow[at++] = sum;
    }
  }
  const samples = new Float32Array(width * height);
  down.forEach(({ first, weights }, row) => {
    for (let tap = 0; tap < weights.length; tap++) {
      const weight = weights[tap] ?? 0;
      const from = (first + tap) * width;
      const into = row * width;
      for (let column = 0; column < width; column++) {
        samples[into + column] =
          (samples[into + column] ?? 0) + weight * (narrow[from + column] ?? 0);
      }
    }
  });
  return { samples, width, height };
}

/** What one sample of the result is made of. */
interface Taps {
  readonly first: number;
  /** Their sum is 1. */
  readonly weights: readonly number[];
}

function taps(from: number, to: number): Taps[] {
  const ratio = from / to;
  const reach = Math.max(1, ratio);
  return Array.from({ length: to }, (_, index) => {
    const middle = (index + 0.5) * ratio - 0.5;
    const first = Math.max(0, Math.ceil(middle - reach));
    const last = Math.min(from - 1, Math.floor(middle + reach));
    const raw = Array.from({ length: last - first + 1 }, (_, tap) =>
      Math.max(0, 1 - Math.abs(first + tap - middle) / reach),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}
