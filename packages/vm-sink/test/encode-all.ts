import type { SeriesBatch } from "@millrace/core";
import type { BodyFormat } from "../src/encode/body-format.ts";

/** What {@link encodeAll} made of its batches. */
export interface EncodedBodies {
  readonly bodies: readonly Buffer[];
  /** Samples that the format says are in each body. */
  readonly samples: readonly number[];
  readonly dropped: number;
}

/** Batches into bodies of at most `bodyBytes`, in one buffer that is used again and again, as a writer does. */
export function encodeAll(
  format: BodyFormat,
  batches: readonly SeriesBatch[],
  bodyBytes: number,
): EncodedBodies {
  const buffer = Buffer.alloc(bodyBytes);
  const bodies: Buffer[] = [];
  const samples: number[] = [];
  let dropped = 0;
  // Whatever an earlier body left behind must not matter.
  let body = format.start(buffer.fill(0xa5));
  const finish = (): void => {
    if (body.samples === 0) throw new Error("a body was full before it held a sample");
    samples.push(body.samples);
    bodies.push(Buffer.from(format.finish(body)));
    body = format.start(buffer.fill(0xa5));
  };
  for (const batch of batches) {
    const cursor = format.cursor(batch);
    while (!cursor.fill(body)) finish();
    dropped += cursor.dropped;
  }
  if (body.samples > 0) finish();
  return { bodies, samples, dropped };
}
