import { BehaviorSubject } from "rxjs";
import type { RunContext } from "./context.ts";
import type { Sink, SinkCapabilities, SinkWriter, Watermark } from "./contracts.ts";
import { openWriter, releaseWriter } from "./open-writer.ts";
import { shareItem } from "./release.ts";

const NOTHING: Watermark = { accepted: 0, durable: 0 };

/**
 * One sink out of two: each item goes to both, the slower one sets the pace, the first failure ends both
 * (wrap one of them in {@link optional} where the other shall go on without it).
 *
 * Accepted means accepted by both. Durable means durable in every one that reports durability, so a
 * report beside a database does not hide what the database holds.
 *
 * @returns a sink whose result is the pair of results
 */
export function tee<T, A, B>(first: Sink<T, A>, second: Sink<T, B>): Sink<T, readonly [A, B]> {
  return {
    apiVersion: 1,
    name: `${first.name}+${second.name}`,
    capabilities: {
      durable: first.capabilities.durable || second.capabilities.durable,
      resume: first.capabilities.resume && second.capabilities.resume,
    },
    async open(context) {
      const a = await openWriter(first, context);
      const b = await openSecond(second, context, a);
      const watermark$ = new BehaviorSubject(NOTHING);
      const marks: [Watermark, Watermark] = [NOTHING, NOTHING];
      // By hand: an operator would ask for more than `subscribe`, which is all that a plugin must have.
      const follow = [a, b].map((writer, side) =>
        writer.watermark$.subscribe({
          next(mark) {
            marks[side as 0 | 1] = mark;
            watermark$.next(lowest(...marks, first.capabilities, second.capabilities));
          },
          error: (error: unknown) => watermark$.error(error),
        }),
      );
      return {
        watermark$,
        async write(item) {
          const [forA, forB] = shareItem(item);
          await Promise.all([a.write(forA), b.write(forB)]);
        },
        async close() {
          const results = await Promise.all([a.close(), b.close()]);
          watermark$.complete();
          return results;
        },
        async abort(reason) {
          await Promise.allSettled([a.abort(reason), b.abort(reason)]);
          watermark$.complete();
        },
        async [Symbol.asyncDispose]() {
          for (const subscription of follow) subscription.unsubscribe();
          await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
        },
      };
    },
  };
}

/** If the second sink cannot be opened, the first writer must not stay open. */
async function openSecond<T, R>(
  sink: Sink<T, R>,
  context: RunContext,
  open: SinkWriter<T, unknown>,
): Promise<SinkWriter<T, R>> {
  try {
    return await openWriter(sink, context);
  } catch (error) {
    await releaseWriter(open, error);
    throw error;
  }
}

function lowest(
  a: Watermark,
  b: Watermark,
  ofA: SinkCapabilities,
  ofB: SinkCapabilities,
): Watermark {
  const accepted = Math.min(a.accepted, b.accepted);
  const durable = Math.min(
    accepted,
    ofA.durable ? a.durable : b.durable,
    ofB.durable ? b.durable : a.durable,
  );
  return { accepted, durable };
}
