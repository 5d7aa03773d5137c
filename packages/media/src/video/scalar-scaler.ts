import { lumaWeights } from "./color-space.ts";
import type { FrameScaler } from "./frame-scaler.ts";
import { letterbox, placePicture } from "./letterbox.ts";
import { chromaSubsampling, frameBytes, isRgb } from "./pixel-format.ts";
import { planScale, type ScalePlan } from "./plan-scale.ts";
import { fromRgb, toRgb } from "./scalar/change-matrix.ts";
import type { Plane } from "./scalar/plane.ts";
import { readPlanes } from "./scalar/read-planes.ts";
import { resizePlane } from "./scalar/resize-plane.ts";
import { samplePlanes } from "./scalar/sample-planes.ts";
import { isSubsampled, subsampledToRgb } from "./scalar/subsampled-to-rgb.ts";
import { writePlanes } from "./scalar/write-planes.ts";
import { type SettledColorSpace, settledColorSpace } from "./scaled-color-space.ts";
import { takeRegion } from "./take-region.ts";
import type { VideoFrame } from "./video-frame.ts";

/**
 * Scales frames in plain TypeScript: what there is without a library, and the reference for those that have one.
 *
 * Bilinear, and a weighted average where a frame becomes smaller; chroma is taken to lie in the middle of its
 * pixels. It blocks the event loop: a frame of 1080 lines for some tenths of a second, and for an eighth of that where
 * I420 or NV12 becomes RGB of the same size or a tensor of 640 × 640.
 *
 * @example
 * ```ts
 * import { scalarScaler, videoFrame } from "@millrace/media";
 *
 * using grey = videoFrame({
 *   format: "I420",
 *   codedWidth: 2,
 *   codedHeight: 2,
 *   pts: 0,
 *   timeBase: { num: 1, den: 25 },
 *   data: Uint8Array.of(126, 126, 126, 126, 128, 128),
 * });
 * using rgb = await scalarScaler().scale(grey, { format: "RGB", width: 1, height: 1 });
 * console.log(rgb.data.join()); // 128,128,128
 * ```
 */
export function scalarScaler(): FrameScaler {
  return {
    apiVersion: 1,
    name: "scalar",
    async scale(frame, options) {
      options.signal?.throwIfAborted();
      const plan = planScale(frame, options);
      const { format, width, height, colorSpace } = plan;
      const data = new Uint8Array(frameBytes(format, width, height));
      const isSameSize = plan.region.width === width && plan.region.height === height;
      if (format === "RGB" && isSameSize && isSubsampled(frame, plan.region)) {
        subsampledToRgb(frame, plan.region, data);
        return plan.frame(data);
      }
      writePlanes(data, format, scaledPlanes(frame, plan), colorSpace.fullRange);
      return plan.frame(data);
    },
    async tensor(frame, options) {
      options.signal?.throwIfAborted();
      const { width, height } = options;
      const region = takeRegion(frame, options.roi);
      const box = letterbox(region, options);
      const data = options.target ?? new Float32Array(3 * width * height);
      const samples = samplePlanes(frame, region, box.pictureWidth, box.pictureHeight);
      placePicture(asRgb(samples, settledColorSpace(frame)), box, options, data);
      const { scaleX, scaleY, left, top } = box;
      return { data, width, height, roi: region, scaleX, scaleY, left, top };
    },
  };
}

/** The planes of the result, in the sizes that its format has. */
function scaledPlanes(frame: VideoFrame, plan: ScalePlan): Plane[] {
  const { format, width, height, colorSpace } = plan;
  const { across, down } = chromaSubsampling(format);
  const chroma = [Math.ceil(width / across), Math.ceil(height / down)] as const;
  const planes = readPlanes(frame, plan.region);
  const space = settledColorSpace(frame);
  // With one matrix each plane goes its own way, so that what need not change does not.
  if (space.matrix === colorSpace.matrix) {
    return planes.map((plane, index) =>
      index === 0 || isRgb(format)
        ? resizePlane(plane, width, height)
        : resizePlane(plane, ...chroma),
    );
  }
  const rgb = asRgb(inSize(planes, width, height), space);
  const plane = (samples: Float32Array): Plane => ({ samples, width, height });
  if (isRgb(format)) return rgb.map(plane);
  const weights = lumaWeights(colorSpace, height);
  return fromRgb(rgb, weights).map((samples, index) =>
    index === 0 ? plane(samples) : resizePlane(plane(samples), ...chroma),
  );
}

function inSize(planes: readonly Plane[], width: number, height: number): Float32Array[] {
  return planes.map((plane) => resizePlane(plane, width, height).samples);
}

/** R, G and B from 0 to 1, whatever the planes are. */
function asRgb(samples: readonly Float32Array[], space: SettledColorSpace): Float32Array[] {
  return space.matrix === "rgb" ? samples.slice(0, 3) : toRgb(samples, lumaWeights(space, 0));
}
