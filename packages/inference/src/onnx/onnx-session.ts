import { MillraceError } from "@millrace/core";
import { checkFeeds } from "../check-feeds.ts";
import { fillOutputs } from "../fill-outputs.ts";
import type { InferenceRunOptions, InferenceSession, NamedTensors } from "../inference-backend.ts";
import type { Tensor } from "../tensor.ts";
import { tensorArray } from "../tensor-array.ts";
import type { LoadedModel } from "./worker-messages.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** A run that was asked for and has not begun. */
interface QueuedRun {
  start(thread: WorkerThread): void;
  reject(error: unknown): void;
}

/** What an {@link onnxSession} is made of. */
export interface OnnxSessionParts extends LoadedModel {
  readonly threads: readonly WorkerThread[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Calls back when a thread has died. */
  onDeath(listener: (error: MillraceError) => void): void;
}

/** A session over one or more threads that have loaded the same model; runs begin in the order of the calls. */
export function onnxSession(parts: OnnxSessionParts): InferenceSession {
  const { threads, inputs, outputs, device, metadata } = parts;
  const queue: QueuedRun[] = [];
  let closing: Promise<void> | undefined;
  let dead: MillraceError | undefined;
  let onIdle: (() => void) | undefined;

  parts.onDeath((error) => {
    dead = error;
    for (const run of queue.splice(0)) run.reject(error);
    for (const thread of threads) void thread.end();
    onIdle?.();
  });

  const next = (): void => {
    for (const thread of threads) {
      if (dead === undefined && !thread.busy) queue.shift()?.start(thread);
    }
    if (queue.length === 0 && threads.every(({ busy }) => !busy)) onIdle?.();
  };

  const perform = async (
    thread: WorkerThread,
    feeds: NamedTensors,
    given: NamedTensors,
  ): Promise<NamedTensors> => {
    const transfer: ArrayBuffer[] = [];
    const moved = mapTensors(feeds, (feed) => movable(feed, transfer));
    const shared = Object.entries(given).filter(([, { data }]) => isShared(data.buffer));
    const request = { kind: "run", feeds: moved, outputs: Object.fromEntries(shared) } as const;
    try {
      const results = (await thread.ask(request, transfer)) as NamedTensors;
      // A result in shared memory is a second view of the caller's own.
      return fillOutputs(mapTensors(results, sameMemory(given)), given);
    } catch (error) {
      // What was under way when a thread died died with it, on whichever thread it was.
      throw dead ?? error;
    }
  };

  return {
    inputs,
    outputs,
    device,
    metadata,
    async run(feeds, { signal, outputs: given = {} }: InferenceRunOptions = {}) {
      signal?.throwIfAborted();
      if (dead !== undefined || closing !== undefined) throw closed(dead);
      checkFeeds(inputs, feeds);
      for (const name of Object.keys(given)) {
        if (outputs.some((output) => output.name === name)) continue;
        throw new MillraceError("INVALID_OPTION", `onnx: the model has no output "${name}".`);
      }
      return await new Promise<NamedTensors>((resolve, reject) => {
        const onAbort = (): void => {
          const place = queue.indexOf(run);
          if (place >= 0) queue.splice(place, 1);
          reject(signal?.reason);
          next();
        };
        const run: QueuedRun = {
          start(thread) {
            perform(thread, feeds, given)
              .then(resolve, reject)
              .finally(() => {
                signal?.removeEventListener("abort", onAbort);
                next();
              });
          },
          reject(error) {
            signal?.removeEventListener("abort", onAbort);
            reject(error);
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        queue.push(run);
        next();
      });
    },
    close() {
      closing ??= (async () => {
        if (dead === undefined && (queue.length > 0 || threads.some(({ busy }) => busy))) {
          await new Promise<void>((resolve) => {
            onIdle = resolve;
          });
        }
        if (dead !== undefined) return;
        await Promise.all(threads.map((thread) => thread.end()));
      })();
      return closing;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}

/** A feed that can go to another thread and leaves the caller's array alone: one copy, none of shared memory. */
function movable(feed: Tensor, transfer: ArrayBuffer[]): Tensor {
  if (isShared(feed.data.buffer)) return feed;
  // Not by slice(): that of a Buffer is a view, and moving it would take the caller's memory away.
  const copy = new (tensorArray(feed.type))(feed.data.length);
  copy.set(feed.data as never);
  transfer.push(copy.buffer as ArrayBuffer);
  return { ...feed, data: copy } as Tensor;
}

function sameMemory(given: NamedTensors): (value: Tensor, name: string) => Tensor {
  return (value, name) => {
    const own = given[name];
    return own !== undefined && isShared(own.data.buffer)
      ? ({ ...value, data: own.data } as Tensor)
      : value;
  };
}

function mapTensors(
  tensors: NamedTensors,
  change: (value: Tensor, name: string) => Tensor,
): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, value]) => [name, change(value, name)]),
  );
}

function isShared(buffer: ArrayBufferLike): boolean {
  return buffer instanceof SharedArrayBuffer;
}

function closed(dead: MillraceError | undefined): MillraceError {
  const why = dead === undefined ? "the session was closed" : dead.message;
  return new MillraceError("CLOSED", `onnx: ${why}; load the model again.`, { cause: dead });
}
