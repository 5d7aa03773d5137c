import { MillraceError, wrapError } from "@millrace/core";
import { type Tensor, tensor } from "@millrace/inference";
import type { FrameScaler, ImageTensor, Region } from "@millrace/media";
import type { RawFrame } from "../../video.ts";
import type { ImageInput } from "../image-input.ts";
import type { InputPolicy, TaskContext } from "../inference-task.ts";

/** What {@link imagePacker} takes. */
export interface ImagePackerOptions {
  readonly input: ImageInput;
  readonly policy: InputPolicy;
  readonly scaler: FrameScaler;
  readonly roi?: Region | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Writes frames into the memory of a batch. */
export interface ImagePacker {
  /** Memory for a batch. */
  allocate(size: number): Float32Array;
  /**
   * Writes one frame at its place.
   *
   * @throws MillraceError CORRUPT_INPUT when the frame could not be decoded, and whatever the scaler throws
   */
  write(raw: RawFrame, memory: Float32Array, place: number): Promise<TaskContext>;
  /** The first images of the memory, as a tensor. */
  tensor(memory: Float32Array, count: number): Tensor<"float32">;
}

/** Makes what turns frames into a model's input, after a task's policy. */
export function imagePacker(options: ImagePackerOptions): ImagePacker {
  const { input, policy, scaler, roi, signal } = options;
  const { width, height } = input;
  const size = 3 * width * height;
  return {
    // Shared with the threads of the scaler and of the model, so that neither copies it.
    allocate: (count) =>
      new Float32Array(new SharedArrayBuffer(count * size * Float32Array.BYTES_PER_ELEMENT)),
    async write(raw, memory, place) {
      const { frame, index, pts, time } = raw;
      if (frame === undefined) {
        throw new MillraceError(
          "CORRUPT_INPUT",
          `Frame ${index} could not be decoded. Its neighbours may be; the file is damaged there.`,
          { details: { frame: index } },
        );
      }
      const target = memory.subarray(place * size, (place + 1) * size);
      let image: ImageTensor;
      try {
        image = await scaler.tensor(frame, {
          width,
          height,
          fit: policy.fit,
          target,
          ...(policy.padding !== undefined && { padding: policy.padding }),
          ...(roi && { roi }),
          ...(signal && { signal }),
        });
      } catch (error) {
        if (signal?.aborted) throw error;
        throw wrapError(error, `scaler "${scaler.name}"`);
      }
      if (image.data !== target) target.set(image.data);
      applyPolicy(target, policy);
      const { scaleX, scaleY, left, top } = image;
      return {
        index,
        pts,
        time,
        width: frame.codedWidth,
        height: frame.codedHeight,
        placement: {
          inputWidth: width,
          inputHeight: height,
          scaleX,
          scaleY,
          left,
          top,
          x: image.roi.x,
          y: image.roi.y,
        },
      };
    },
    tensor: (memory, count) =>
      tensor("float32", memory.subarray(0, count * size), [count, 3, height, width]),
  };
}

/** Orders and scales the planes of one image, where the policy says so. */
function applyPolicy(image: Float32Array, { channels, mean, deviation }: InputPolicy): void {
  const plane = image.length / 3;
  if (channels === "BGR") {
    const red = image.slice(0, plane);
    image.copyWithin(0, 2 * plane);
    image.set(red, 2 * plane);
  }
  if (mean === undefined && deviation === undefined) return;
  for (let p = 0; p < 3; p++) {
    const offset = mean?.[p] ?? 0;
    const scale = 1 / (deviation?.[p] ?? 1);
    for (let at = p * plane; at < (p + 1) * plane; at++) {
      image[at] = ((image[at] as number) - offset) * scale;
    }
  }
}
