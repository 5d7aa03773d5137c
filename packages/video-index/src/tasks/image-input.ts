import { MillraceError } from "@millrace/core";
import type { InferenceSession, TensorSpec } from "@millrace/inference";
import type { InputPolicy } from "./inference-task.ts";
import { readModelMetadata } from "./model-metadata.ts";

/** The input of a model that takes pictures. */
export interface ImageInput {
  /** Name that the model gives it. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Frames that the model takes at once, where it takes no other number. */
  readonly batchSize: number | undefined;
}

/** What Ultralytics trains and exports with unless told otherwise. */
const DEFAULT_PIXELS = 640;

/**
 * Finds the model's picture input and the size it should have: what the policy says, else what the model declares,
 * else what its metadata says, else 640 × 640.
 *
 * @throws MillraceError UNSUPPORTED when no input is `float32 [N, 3, H, W]`, INVALID_OPTION when the policy's size is
 * not the one that the model is fixed to, or no multiple of its stride
 */
export function imageInput(session: InferenceSession, policy: InputPolicy): ImageInput {
  const spec = session.inputs.find(isImage);
  if (spec === undefined) {
    const inputs = session.inputs.map(({ name, type, dims }) => `${name}: ${type} [${dims}]`);
    throw new MillraceError(
      "UNSUPPORTED",
      `The model has no input of type float32 and shape [N, 3, H, W]; it has ${inputs.join(", ") || "none"}. ` +
        "Export it with 32-bit floats and planes first.",
    );
  }
  const [batch, , height, width] = spec.dims;
  const { imageSize: declared, stride = 1 } = readModelMetadata(session.metadata);
  const wanted = policy.size === "model" ? undefined : policy.size;
  return {
    name: spec.name,
    width: pixels(width, wanted?.width, declared?.width, stride, "width"),
    height: pixels(height, wanted?.height, declared?.height, stride, "height"),
    batchSize: isFixed(batch) ? batch : undefined,
  };
}

function isImage({ type, dims }: TensorSpec): boolean {
  return type === "float32" && dims.length === 4 && (dims[1] === 3 || typeof dims[1] === "string");
}

/** A runtime may report an axis without a size as -1 or 0. */
function isFixed(size: number | string | undefined): size is number {
  return typeof size === "number" && size > 0;
}

function pixels(
  fixed: number | string | undefined,
  wanted: number | undefined,
  declared: number | undefined,
  stride: number,
  what: string,
): number {
  const refuse = (why: string): never => {
    throw new MillraceError("INVALID_OPTION", `input.size asks for a ${what} of ${wanted}; ${why}`);
  };
  if (isFixed(fixed)) {
    if (wanted === undefined || wanted === fixed) return fixed;
    return refuse(`the model takes ${fixed} only. Leave size at "model".`);
  }
  if (wanted === undefined) return declared ?? DEFAULT_PIXELS;
  if (Number.isInteger(wanted) && wanted > 0 && wanted % stride === 0) return wanted;
  return refuse(`the model takes whole multiples of ${stride}.`);
}
