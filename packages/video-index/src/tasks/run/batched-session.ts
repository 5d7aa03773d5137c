import {
  type Batcher,
  type BatcherKnobs,
  createBatcher,
  type InferenceSession,
  type NamedTensors,
} from "@millrace/inference";
import { splitTensors, stackTensors } from "./stack-tensors.ts";

/** A session whose runs share batches. */
export interface BatchedSession extends InferenceSession {
  /** Tells what batches there were, and takes other knobs. */
  readonly batcher: Pick<Batcher<NamedTensors, NamedTensors>, "stats" | "stats$" | "update">;
}

/**
 * Lets all who use a session share its batches: each image of each run is handed to a batcher, which puts those
 * together that come at the same time, of however many videos.
 *
 * An image that the model refuses fails alone: a batch that fails is tried image by image. Every input and output of
 * the model must have the batch as its first axis.
 *
 * @param session - taken over: closing the one that is returned closes it
 * @param knobs - of the batcher; sizes count images
 * @throws MillraceError INVALID_OPTION when a knob has no sense
 * @example
 * ```ts no-run
 * import type { InferenceBackend } from "@millrace/inference";
 * import type { FrameScaler } from "@millrace/media";
 * import type { Video } from "@millrace/video-index";
 * import { batchedSession, count, runTask } from "@millrace/video-index/tasks";
 *
 * declare const backend: InferenceBackend;
 * declare const scaler: FrameScaler;
 * declare const videos: readonly Video[];
 *
 * await using session = batchedSession(await backend.load("yolo11n.onnx"), { maxBatch: 16 });
 * await Promise.all(
 *   videos.map(async (video) => {
 *     for await (const item of runTask(video, session, count(), { scaler, batchSize: 4 })) {
 *       if (item.status === "ok") console.log(video.info.name, item.result.inFrame.total);
 *     }
 *   }),
 * );
 * ```
 */
export function batchedSession(
  session: InferenceSession,
  knobs: BatcherKnobs = {},
): BatchedSession {
  const batcher = createBatcher<NamedTensors, NamedTensors>({
    ...knobs,
    bucket: shapeOf,
    async run(items, { size, signal }) {
      let outputs: NamedTensors | undefined;
      try {
        outputs = await session.run(stackTensors(items, size), { signal });
      } catch (error) {
        if (items.length === 1 || signal.aborted) throw error;
      }
      if (outputs !== undefined) return splitTensors(outputs, items.length);
      const alone: (NamedTensors | Error)[] = [];
      for (const item of items) {
        try {
          // In the size of the batch, which is one that the model takes.
          const own = await session.run(stackTensors([item], size), { signal });
          alone.push(...splitTensors(own, 1));
        } catch (error) {
          alone.push(asError(error));
        }
      }
      return alone;
    },
  });
  const close = async (): Promise<void> => {
    await batcher.close();
    await session.close();
  };
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    device: session.device,
    metadata: session.metadata,
    batcher,
    async run(feeds, { signal } = {}) {
      const [first] = Object.values(feeds);
      const images = splitTensors(feeds, first?.dims[0] ?? 0);
      // All of them, also when one has failed: until then the caller's memory is being read.
      const results = await Promise.allSettled(
        images.map((image) => batcher.submit(image, signal ? { signal } : {})),
      );
      return stackTensors(
        results.map((result) => {
          if (result.status === "rejected") throw result.reason;
          return result.value;
        }),
      );
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Only images of one size go together. */
function shapeOf(feeds: NamedTensors): string {
  return Object.entries(feeds)
    .map(([name, { dims }]) => `${name} ${dims.join("×")}`)
    .join(", ");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
