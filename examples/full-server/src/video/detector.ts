import { basename } from "node:path";
import { MillraceError } from "@millrace/core";
import {
  type Batcher,
  type BatcherStats,
  createBatcher,
  type InferenceDevice,
  type InferenceSession,
  tensor,
} from "@millrace/inference";
import { onnx } from "@millrace/inference/onnx";
import type { FrameScaler } from "@millrace/media";
import type { RawFrame } from "@millrace/video-index";
import {
  type Detections,
  detect,
  type ImageInput,
  imageInput,
  type TaskContext,
  type TaskStream,
} from "@millrace/video-index/tasks";
import type { VideoSettings } from "./video-settings.ts";

/** What a model found in one frame, and what it took. */
export interface Detected {
  /** Boxes in coded pixels of the frame. */
  readonly detections: Detections;
  /** Waiting for a batch, in milliseconds. */
  readonly queueMs: number;
  /** The batch that the frame was in: preparing its pictures, and the model. */
  readonly computeMs: number;
  readonly batchSize: number;
}

/** How urgent a frame is. */
export interface DetectOptions {
  /** `interactive`: somebody looks at it and waits. */
  readonly urgency: "interactive" | "batch";
  readonly signal: AbortSignal;
}

/** A model that finds objects in frames, many at a time. */
export interface Detector extends AsyncDisposable {
  /** The model's file, without its folder. */
  readonly model: string;
  readonly device: InferenceDevice;
  /** Pixels of its input. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  /**
   * Finds what is in a frame, which stays the caller's and must be open until this settles.
   *
   * @throws MillraceError OVERFLOW or TIMEOUT when too much waits before it
   */
  detect(raw: RawFrame, options: DetectOptions): Promise<Detected>;
  stats(): BatcherStats;
}

/** What is told of every batch. */
export type OnBatch = (size: number, computeMs: number) => void;

type Item = RawFrame & { readonly status: "ok" | "concealed" };

const MOST_IN_BATCH = 16;
/** Somebody who looks at a page has gone on after so long. */
const INTERACTIVE_MS = 15_000;
const PRIORITY = { interactive: 1, batch: 0 };

/**
 * Loads the model of the settings.
 *
 * @param scaler - asked for when the first frame comes
 * @throws MillraceError NOT_FOUND, CORRUPT_INPUT, UNSUPPORTED or MISSING_DEPENDENCY when it cannot be loaded
 */
export async function loadDetector(
  path: string,
  settings: VideoSettings,
  scaler: () => Promise<FrameScaler>,
  onBatch: OnBatch,
): Promise<Detector> {
  const backend = onnx({ executionProviders: settings.videoProviders, onProviderRefused: "cpu" });
  const session = await backend.load(path);
  try {
    return await detectorOf(session, path, settings, scaler, onBatch);
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function detectorOf(
  session: InferenceSession,
  path: string,
  { videoClasses, videoMinScore: minScore }: VideoSettings,
  scaler: () => Promise<FrameScaler>,
  onBatch: OnBatch,
): Promise<Detector> {
  const names = videoClasses.length === 0 ? {} : { classNames: videoClasses };
  const task = detect({ minScore, ...names });
  const input = imageInput(session, task.input);
  const stream = task.open(session);
  const size = 3 * input.width * input.height;
  const most = input.batchSize ?? MOST_IN_BATCH;
  // Batches go one at a time, so one memory is enough; the threads of scaler and model share it.
  const memory = new Float32Array(
    new SharedArrayBuffer(most * size * Float32Array.BYTES_PER_ELEMENT),
  );

  await tryOut(session, stream, input);
  const prepare = async (item: Item, frame: Item["frame"], at: number): Promise<TaskContext> => {
    const { index, pts, time } = item;
    const image = await (await scaler()).tensor(frame, {
      width: input.width,
      height: input.height,
      fit: task.input.fit,
      target: memory.subarray(at * size, (at + 1) * size),
    });
    const { scaleX, scaleY, left, top, roi } = image;
    return {
      ...{ index, pts, time, width: frame.codedWidth, height: frame.codedHeight },
      placement: {
        ...{ inputWidth: input.width, inputHeight: input.height },
        ...{ scaleX, scaleY, left, top, x: roi.x, y: roi.y },
      },
    };
  };
  const run = async (items: readonly Item[], signal: AbortSignal) => {
    // At once: whoever gives up meanwhile closes the frame.
    const frames = items.map(({ frame }) => frame.clone());
    try {
      const startedMs = performance.now();
      const prepared = await Promise.allSettled(
        items.map((item, at) => prepare(item, frames[at] as Item["frame"], at)),
      );
      const count = input.batchSize ?? items.length;
      const images = tensor("float32", memory.subarray(0, count * size), [
        ...[count, 3, input.height, input.width],
      ]);
      const outputs = await session.run(stream.feeds(images), { signal });
      const results = prepared.map((context, at) => {
        if (context.status === "rejected") return asError(context.reason);
        try {
          return stream.postprocess(outputs, at, context.value);
        } catch (error) {
          return asError(error);
        }
      });
      const computeMs = performance.now() - startedMs;
      onBatch(items.length, computeMs);
      return results.map((result) =>
        result instanceof Error
          ? result
          : { detections: result, computeMs, batchSize: items.length },
      );
    } finally {
      for (const frame of frames) frame.close();
    }
  };
  const batcher: Batcher<Item, Omit<Detected, "queueMs">> = createBatcher({
    run: (items: readonly Item[], { signal }) => run(items, signal),
    maxBatch: most,
  });
  return {
    model: basename(path),
    device: session.device,
    inputWidth: input.width,
    inputHeight: input.height,
    async detect(raw, { urgency, signal }) {
      if (raw.status === "missing") {
        throw new MillraceError(
          "CORRUPT_INPUT",
          `Frame ${raw.index} cannot be decoded; the file is damaged there.`,
        );
      }
      const startedMs = performance.now();
      const found = await batcher.submit(raw, {
        signal,
        priority: PRIORITY[urgency],
        ...(urgency === "interactive" && { withinMs: INTERACTIVE_MS }),
      });
      const queueMs = Math.max(0, performance.now() - startedMs - found.computeMs);
      return { ...found, queueMs };
    },
    stats: () => batcher.stats(),
    async [Symbol.asyncDispose]() {
      await batcher.close();
      await session.close();
    },
  };
}

/**
 * Runs a grey picture, so that the first frame takes no longer than the others.
 *
 * @throws MillraceError UNSUPPORTED when the outputs are none that can be read
 */
async function tryOut(
  session: InferenceSession,
  stream: TaskStream<Detections>,
  { width, height, batchSize = 1 }: ImageInput,
): Promise<void> {
  const grey = new Float32Array(batchSize * 3 * width * height).fill(0.5);
  const outputs = await session.run(
    stream.feeds(tensor("float32", grey, [batchSize, 3, height, width])),
  );
  const whole = { inputWidth: width, inputHeight: height, left: 0, top: 0, x: 0, y: 0 };
  const placement = { ...whole, scaleX: 1, scaleY: 1 };
  stream.postprocess(outputs, 0, { index: 0, pts: 0, time: 0, width, height, placement });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
