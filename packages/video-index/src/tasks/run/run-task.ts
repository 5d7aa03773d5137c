import { MillraceError, wrapError } from "@millrace/core";
import type { InferenceSession, NamedTensors } from "@millrace/inference";
import type { FrameScaler, Region, VideoFrame } from "@millrace/media";
import type { FrameRange, RawFrame, Video } from "../../video.ts";
import { imageInput } from "../image-input.ts";
import type { InferenceTask, TaskContext, TaskStream } from "../inference-task.ts";
import { type ImagePacker, imagePacker } from "./image-packer.ts";
import type { TaskItem } from "./task-item.ts";

/** What {@link runTask} takes. */
export interface RunTaskOptions {
  /** Makes the model's input of a frame. */
  readonly scaler: FrameScaler;
  /** Which frames. Backwards, a task that remembers begins anew with each of them. @defaultValue all of them */
  readonly range?: FrameRange;
  /**
   * Frames that the model is given at once. A model that is fixed to a number gets that number, and a task that is
   * not batchable one.
   *
   * @defaultValue 1
   */
  readonly batchSize?: number;
  /** The part of each frame that the model sees, in coded pixels. @defaultValue all of it */
  readonly roi?: Region;
  /** Whether items carry their frames, to draw on a copy for instance. @defaultValue false */
  readonly keepFrames?: boolean;
  readonly signal?: AbortSignal;
}

/** A frame on its way through a batch. */
interface Entry {
  readonly index: number;
  readonly pts: number;
  readonly time: number;
  readonly frame: VideoFrame | undefined;
  /** Place in the batch's memory; undefined with an error. */
  readonly place?: number;
  readonly context?: TaskContext;
  readonly error?: MillraceError;
}

interface Batch {
  readonly entries: readonly Entry[];
  readonly memory: Float32Array;
  /** Images in the memory. */
  readonly count: number;
  /** Why no more frames come, where that is not the end of the video. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Runs a model over the frames of a video, and gives what the task makes of each, in the order of the frames.
 *
 * While the model works on one batch, the next one is decoded; nothing is read further ahead, so a slow receiver
 * stops everything. A frame that fails is an item with an error and the others go on: when a batch of several
 * frames fails, its frames are tried one by one. An abort and a failure of the video itself end the iteration.
 *
 * @param session - stays the caller's
 * @throws MillraceError UNSUPPORTED when the task cannot read the model, INVALID_OPTION for a wrong batch size
 * @example
 * ```ts no-run
 * import { nodeAv } from "@millrace/media/node-av";
 * import type { FrameScaler } from "@millrace/media";
 * import type { InferenceBackend } from "@millrace/inference";
 * import type { Video } from "@millrace/video-index";
 * import { detect, runTask } from "@millrace/video-index/tasks";
 *
 * declare const backend: InferenceBackend;
 * declare const scaler: FrameScaler;
 * declare const video: Video;
 *
 * await using session = await backend.load("yolo11n.onnx");
 * const items = runTask(video, session, detect(), { scaler, range: { stride: 5 }, batchSize: 4 });
 * for await (const item of items) {
 *   if (item.status === "ok") console.log(item.index, item.result.count);
 *   else console.error(item.error.message);
 * }
 * ```
 */
export async function* runTask<Result>(
  video: Pick<Video, "frames">,
  session: InferenceSession,
  task: InferenceTask<Result>,
  options: RunTaskOptions,
): AsyncGenerator<TaskItem<Result>, void> {
  const { scaler, range = {}, roi, keepFrames = false, signal } = options;
  signal?.throwIfAborted();
  const input = imageInput(session, task.input);
  const batchSize = input.batchSize ?? (task.batchable ? (options.batchSize ?? 1) : 1);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new MillraceError(
      "INVALID_OPTION",
      `batchSize must be a whole number from 1 on; it is ${batchSize}.`,
    );
  }
  const stream = task.open(session);
  const packer = imagePacker({ input, policy: task.input, scaler, roi, signal });
  const frames = video.frames(range, signal ? { signal } : {});
  // One batch is with the model while the next one is filled.
  const spare = [packer.allocate(batchSize), packer.allocate(batchSize)];
  const fill = async (): Promise<Batch> => {
    const memory = spare.pop() ?? packer.allocate(batchSize);
    return await fillBatch(frames, packer, memory, batchSize, keepFrames);
  };
  const run: RunBatch = {
    batchSize,
    fixed: input.batchSize !== undefined,
    feed: (memory, count) =>
      session.run(stream.feeds(packer.tensor(memory, count)), signal ? { signal } : {}),
  };

  let next = fill();
  let lastTime = Number.NEGATIVE_INFINITY;
  // A failure is told when its turn comes.
  next.catch(() => {});
  let left: readonly Entry[] = [];
  let current: Batch | undefined;
  try {
    while (true) {
      const batch = await next;
      current = batch;
      left = batch.entries;
      if (batch.failure === undefined && batch.entries.length > 0) {
        next = fill();
        next.catch(() => {});
      }
      const outputs = await runBatch(batch, run, signal);
      for (const [i, entry] of batch.entries.entries()) {
        if (entry.time < lastTime) stream.reset?.();
        lastTime = entry.time;
        const item = finish(entry, outputs[entry.place ?? -1], stream);
        left = batch.entries.slice(i + 1);
        yield item;
      }
      if (batch.failure !== undefined) throw batch.failure.error;
      if (batch.entries.length === 0) return;
      spare.push(batch.memory);
    }
  } finally {
    for (const { frame } of left) frame?.close();
    await frames.return?.();
    // The batch that was filled meanwhile; where there was none, it is the last one, which is closed already.
    const unused = await next.catch(() => undefined);
    if (unused !== current) for (const { frame } of unused?.entries ?? []) frame?.close();
  }
}

/** Takes frames until the batch is full or there are no more. */
async function fillBatch(
  frames: AsyncIterator<RawFrame>,
  packer: ImagePacker,
  memory: Float32Array,
  batchSize: number,
  keepFrames: boolean,
): Promise<Batch> {
  const entries: Entry[] = [];
  let count = 0;
  try {
    while (count < batchSize) {
      let step: IteratorResult<RawFrame, unknown>;
      try {
        step = await frames.next();
      } catch (error) {
        // The frames before it are good.
        return { entries, memory, count, failure: { error } };
      }
      if (step.done) break;
      using owned = step.value;
      const { index, pts, time } = owned;
      const about = { index, pts, time };
      const kept = (): VideoFrame | undefined => (keepFrames ? owned.frame?.clone() : undefined);
      try {
        const context = await packer.write(owned, memory, count);
        entries.push({ ...about, frame: kept(), place: count, context });
        count += 1;
      } catch (error) {
        // Whatever is not a failure of this frame, such as an abort, ends the iteration.
        if (!MillraceError.is(error)) throw error;
        entries.push({ ...about, frame: kept(), error });
      }
    }
  } catch (error) {
    for (const { frame } of entries) frame?.close();
    throw error;
  }
  return { entries, memory, count };
}

/** How a batch gets to the model. */
interface RunBatch {
  /** Images that a batch has room for. */
  readonly batchSize: number;
  /** Whether the model takes no other number; what lies behind the last image is of no matter then. */
  readonly fixed: boolean;
  feed(memory: Float32Array, count: number): Promise<NamedTensors>;
}

/** The outputs for one image, and its place in them; or why there are none. */
type Output =
  | { readonly outputs: NamedTensors; readonly item: number }
  | { readonly error: MillraceError };

async function runBatch(
  { memory, count }: Batch,
  { batchSize, fixed, feed }: RunBatch,
  signal: AbortSignal | undefined,
): Promise<readonly Output[]> {
  if (count === 0) return [];
  const size = memory.length / batchSize;
  const failed = (error: unknown): Output => {
    if (signal?.aborted) throw signal.reason;
    return { error: wrapError(error, "the model") };
  };
  const places = Array.from({ length: count }, (_, item) => item);
  try {
    const outputs = await feed(memory, fixed ? batchSize : count);
    return places.map((item) => ({ outputs, item }));
  } catch (error) {
    if (count === 1 || fixed) return places.map(() => failed(error));
    failed(error);
  }
  const alone: Output[] = [];
  for (const place of places) {
    try {
      const outputs = await feed(memory.subarray(place * size, (place + 1) * size), 1);
      alone.push({ outputs, item: 0 });
    } catch (error) {
      alone.push(failed(error));
    }
  }
  return alone;
}

function finish<Result>(
  entry: Entry,
  output: Output | undefined,
  stream: TaskStream<Result>,
): TaskItem<Result> {
  const { index, pts, time, frame, context } = entry;
  const about = { index, pts, time, ...(frame && { frame }) };
  const failed = (error: MillraceError): TaskItem<Result> => ({ ...about, status: "error", error });
  if (entry.error !== undefined) return failed(entry.error);
  if (output === undefined || context === undefined) {
    return failed(
      new MillraceError("INTERNAL", `Frame ${index} was lost on its way to the model.`),
    );
  }
  if ("error" in output) return failed(output.error);
  try {
    const result = stream.postprocess(output.outputs, output.item, context);
    return { ...about, status: "ok", result };
  } catch (error) {
    return failed(wrapError(error, "the task"));
  }
}
