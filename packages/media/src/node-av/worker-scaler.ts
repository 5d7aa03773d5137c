import { abortable } from "@millrace/core";
import type { FrameScaler } from "../video/frame-scaler.ts";
import { letterbox } from "../video/letterbox.ts";
import { planScale } from "../video/plan-scale.ts";
import { scalarScaler } from "../video/scalar-scaler.ts";
import { takeRegion } from "../video/take-region.ts";
import { borrowPixels } from "./borrow-pixels.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** swscale takes other samples, or none at all, where pictures are narrower. */
const LEAST_WIDTH = 8;

/** A scaler whose work is done in the workers of a pool. */
export function workerScaler(pool: WorkerPool): FrameScaler {
  const narrow = scalarScaler();
  return {
    apiVersion: 1,
    name: "node-av",
    async scale(frame, options) {
      const { signal } = options;
      signal?.throwIfAborted();
      const { frame: toFrame, ...plan } = planScale(frame, options);
      if (Math.min(plan.width, plan.region.width) < LEAST_WIDTH) {
        return await narrow.scale(frame, options);
      }
      const worker = pool.forRequest();
      const { source, done } = borrowPixels(frame);
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
      if (Math.min(box.pictureWidth, region.width) < LEAST_WIDTH) {
        return await narrow.tensor(frame, options);
      }
      const shared = target?.buffer instanceof SharedArrayBuffer ? target : undefined;
      const { source, done } = borrowPixels(frame);
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
