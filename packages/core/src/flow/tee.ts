import { BehaviorSubject } from "rxjs";
import { MillraceError, wrapError } from "../errors.ts";
import type { RunContext } from "./context.ts";
import type { BranchWatermark, Sink, SinkWriter, Watermark } from "./contracts.ts";
import { openWriter, releaseWriter } from "./open-writer.ts";
import { shareItem } from "./release.ts";

const NOTHING: Watermark = { accepted: 0, durable: 0 };

/** One of the sinks and its writer. */
interface Branch<T> {
  readonly sink: Sink<T, unknown>;
  readonly writer: SinkWriter<T, unknown>;
  /** What the writer said last. */
  mark: Watermark;
}

/**
 * One sink out of several: each item goes to all of them, the slowest sets the pace, the first failure
 * ends all (wrap one in {@link optional} where the others shall go on without it). They are closed in the
 * order of the arguments, so a file behind a database appears only once the database has everything.
 *
 * Accepted means accepted by all. Durable means durable in every one that reports durability, so a
 * report beside a database does not hide what the database holds. How far each of them has come stands
 * in the watermark's `branches`, in the order of the arguments; a run passes it on in `run.watermark$`.
 *
 * @returns a sink whose result is the tuple of results
 * @throws MillraceError INVALID_OPTION when no sink is given
 * @example
 * ```ts
 * import { discard, fromItems, pipeline, tee } from "@millrace/core";
 * import { memorySink } from "@millrace/core/testing";
 *
 * const run = pipeline(fromItems(["a", "b"])).to(
 *   tee(memorySink<string>({ durable: true }), memorySink<string>(), discard()),
 * );
 * run.watermark$.subscribe(({ branches = [] }) => {
 *   for (const { sink, accepted, durable } of branches) console.log(sink, accepted, durable);
 * });
 * const [first, second, { items }] = await run.result;
 * console.log(first, second, items); // [ 'a', 'b' ] [ 'a', 'b' ] 2
 * ```
 */
export function tee<T, R extends readonly unknown[]>(
  ...sinks: { readonly [K in keyof R]: Sink<T, R[K]> }
): Sink<T, Readonly<R>> {
  return teeOf(sinks as readonly Sink<T, unknown>[]) as Sink<T, Readonly<R>>;
}

function teeOf<T>(sinks: readonly Sink<T, unknown>[]): Sink<T, readonly unknown[]> {
  if (sinks.length === 0) {
    throw new MillraceError("INVALID_OPTION", "tee: no sink is given; give one or more.");
  }
  return {
    apiVersion: 1,
    name: sinks.map(({ name }) => name).join("+"),
    capabilities: {
      durable: sinks.some(({ capabilities }) => capabilities.durable),
      resume: sinks.every(({ capabilities }) => capabilities.resume),
    },
    open: async (context) => teeWriter(await openAll(sinks, context), context),
  };
}

function teeWriter<T>(
  branches: readonly Branch<T>[],
  { signal }: RunContext,
): SinkWriter<T, readonly unknown[]> {
  const watermark$ = new BehaviorSubject(combined(branches));
  const told = ({ sink }: Branch<T>, error: unknown): unknown =>
    signal.aborted && error === signal.reason ? error : wrapError(error, `sink "${sink.name}"`);
  const attempt = async <V>(branch: Branch<T>, call: () => PromiseLike<V>): Promise<V> => {
    try {
      return await call();
    } catch (error) {
      throw told(branch, error);
    }
  };
  /** Calls all at once; also a call that throws instead of rejecting leaves no other one unwatched. */
  const each = <V>(call: (branch: Branch<T>, index: number) => PromiseLike<V>): Promise<V>[] =>
    branches.map((branch, index) => attempt(branch, () => call(branch, index)));
  // By hand: an operator would ask for more than `subscribe`, which is all that a plugin must have.
  const follow = branches.map((branch) =>
    branch.writer.watermark$.subscribe({
      next(mark) {
        branch.mark = mark;
        watermark$.next(combined(branches));
      },
      error: (error: unknown) => watermark$.error(told(branch, error)),
    }),
  );
  return {
    watermark$,
    async write(item) {
      const shares = shareItem(item, branches.length);
      await Promise.all(each(({ writer }, index) => writer.write(shares[index] as T)));
    },
    async close() {
      const results: unknown[] = [];
      // In order: a file must not get its name while a database before it may still fail.
      for (const branch of branches) {
        results.push(await attempt(branch, () => branch.writer.close()));
      }
      watermark$.complete();
      return results;
    },
    async abort(reason) {
      await Promise.allSettled(each(({ writer }) => writer.abort(reason)));
      watermark$.complete();
    },
    async [Symbol.asyncDispose]() {
      for (const subscription of follow) subscription.unsubscribe();
      const disposing = each(({ writer }) => writer[Symbol.asyncDispose]());
      await Promise.allSettled(disposing);
      await Promise.all(disposing);
    },
  };
}

/** Opens one after the other. If one cannot be opened, those before it must not stay open. */
async function openAll<T>(
  sinks: readonly Sink<T, unknown>[],
  context: RunContext,
): Promise<readonly Branch<T>[]> {
  const branches: Branch<T>[] = [];
  for (const sink of sinks) {
    try {
      branches.push({ sink, writer: await openWriter(sink, context), mark: NOTHING });
    } catch (error) {
      await Promise.all(branches.map(({ writer }) => releaseWriter(writer, error)));
      const { signal } = context;
      throw signal.aborted && error === signal.reason
        ? error
        : wrapError(error, `sink "${sink.name}"`);
    }
  }
  return branches;
}

function combined(branches: readonly Branch<never>[]): Watermark {
  const accepted = Math.min(...branches.map(({ mark }) => mark.accepted));
  const reporting = branches.filter(({ sink }) => sink.capabilities.durable);
  const counting = reporting.length > 0 ? reporting : branches;
  const durable = Math.min(accepted, ...counting.map(({ mark }) => mark.durable));
  return { accepted, durable, branches: branches.flatMap(branchesOf) };
}

/** A branch that is itself made of several says so; its own sum would hide them. */
function branchesOf({ sink, mark }: Branch<never>): readonly BranchWatermark[] {
  const { accepted, durable, branches } = mark;
  return branches ?? [{ sink: sink.name, accepted, durable }];
}
