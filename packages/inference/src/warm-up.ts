import { MillraceError } from "@millrace/core";
import type { AxisSizes } from "./check-feeds.ts";
import type { InferenceSession, NamedTensors, TensorSpec } from "./inference-backend.ts";
import { elementCount } from "./tensor.ts";
import { tensorArray } from "./tensor-array.ts";

/**
 * Runs a session once with zeros for each of these sizes of its named axes, so that what comes first costs
 * no more than what comes later. For writers of backends, which call it from `load`.
 *
 * @example
 * ```ts no-run
 * import { type InferenceSession, warmUp } from "@millrace/inference";
 *
 * declare const session: InferenceSession;
 * await warmUp(session, [{ batch: 1 }, { batch: 8 }]);
 * ```
 * @throws MillraceError INVALID_OPTION when a named axis has no size
 */
export async function warmUp(
  session: InferenceSession,
  sizes: readonly AxisSizes[] = [],
  signal?: AbortSignal,
): Promise<void> {
  for (const axes of sizes) {
    const feeds = zeroFeeds(session.inputs, axes);
    await session.run(feeds, signal === undefined ? {} : { signal });
  }
}

function zeroFeeds(specs: readonly TensorSpec[], axes: AxisSizes): NamedTensors {
  return Object.fromEntries(
    specs.map(({ name, type, dims }) => {
      const sizes = dims.map((axis) => {
        const size = typeof axis === "number" ? axis : axes[axis];
        if (size !== undefined) return size;
        throw new MillraceError(
          "INVALID_OPTION",
          `warmUp: the axis "${axis}" of the input "${name}" has no size; give one, such as { ${axis || "batch"}: 1 }.`,
        );
      });
      return [name, { type, dims: sizes, data: new (tensorArray(type))(elementCount(sizes)) }];
    }),
  );
}
