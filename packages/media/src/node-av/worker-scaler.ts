import { abortable } from "@millrace/core";
import type { FrameScaler } from "../video/frame-scaler.ts";
import { letterbox } from "../video/letterbox.ts";
import { planeLayouts } from "../video/pixel-format.ts";
import { planScale } from "../video/plan-scale.ts";
import { settledColorSpace } from "../video/scaled-color-space.ts";
import { takeRegion } from "../video/take-region.ts";
import { packFrame, type VideoFrame } from "../video/video-frame.ts";
import type { WireSource } from "./protocol.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** A scaler whose work is done in the workers of a pool. */
export function workerScaler(pool: WorkerPool): FrameScaler {
  return {
    apiVersion: 1,
    name: "node-av",
    async scale(frame, options) {
      const { signal } = options;
      signal?.throwIfAborted();
      const { frame: toFrame, ...plan } = planScale(frame, options);
      const worker = pool.forRequest();
      const { source, done } = borrow(frame);
      const answer = worker.call<"scale">({ kind: "scale", source, ...plan }).finally(done);
      try {
        const { memory, sizeBytes } = await (signal ? abortable(answer, signal) : answer);
        return toFrame(new Uint8Array(memory, 0, sizeBytes), () => worker.recycle(memory));
      } catch (error) {
        answer.then(({ memory }) => worker.recycle(memory)).catch(() => {});
        throw error;
      }
    },
    async tensor(frame, options) {
      const { width, height, padding, target, signal } = options;
      signal?.throwIfAborted();
      const region = takeRegion(frame, options.roi);
      const box = letterbox(region, options);
      const shared = target?.buffer instanceof SharedArrayBuffer ? target : undefined;
      const { source, done } = borrow(frame);
      const answer = pool
        .forRequest()
        .call<"tensor">({
          kind: "tensor",
          source,
          region,
          box,
          width,
          height,
          padding,
          target: shared,
        })
        .finally(done);
      const numbers = await (signal ? abortable(answer, signal) : answer);
      if (target && numbers) target.set(numbers);
      const { scaleX, scaleY, left, top } = box;
      const data = target ?? numbers ?? new Float32Array(0);
      return { data, width, height, roi: region, scaleX, scaleY, left, top };
    },
  };
}

/** A frame's pixels for a worker: its own shared memory, which it keeps until `done`, or a copy. */
function borrow(frame: VideoFrame): { source: WireSource; done: () => void } {
  const { format, codedWidth: width, codedHeight: height, data, layout } = frame;
  const tight = planeLayouts(format, width, height);
  const isTight = tight.every(
    ({ offset, stride }, index) =>
      layout[index]?.offset === offset && layout[index]?.stride === stride,
  );
  const shape = { format, width, height, colorSpace: settledColorSpace(frame) };
  if (isTight && data.buffer instanceof SharedArrayBuffer) {
    const own = frame.clone();
    return { source: { ...shape, data }, done: own.close };
  }
  const last = tight.at(-1);
  const copy = new Uint8Array(
    new SharedArrayBuffer(last ? last.offset + last.stride * last.rows : 0),
  );
  packFrame(frame, copy);
  return { source: { ...shape, data: copy }, done: () => {} };
}
