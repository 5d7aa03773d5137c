import { MillraceError } from "@millrace/core";
import type { NamedTensors } from "./inference-backend.ts";

/**
 * Copies results into the outputs that a caller gave to be filled. For writers of backends whose runtime
 * cannot fill them itself.
 *
 * @param results - what the model gave
 * @param given - {@link InferenceRunOptions.outputs}
 * @returns the results, with the caller's tensors in their places
 * @example
 * ```ts
 * import { fillOutputs, tensor } from "@millrace/inference";
 *
 * const y = tensor("float32", new Float32Array(2), [2]);
 * fillOutputs({ y: tensor("float32", Float32Array.of(1, 2), [2]) }, { y });
 * console.log(y.data); // Float32Array [1, 2]
 * ```
 * @throws MillraceError INVALID_OPTION when one is unknown, or of another type or shape
 */
export function fillOutputs(results: NamedTensors, given: NamedTensors | undefined): NamedTensors {
  if (given === undefined) return results;
  const filled: Record<string, NamedTensors[string]> = { ...results };
  for (const [name, tensor] of Object.entries(given)) {
    const result = results[name];
    const wanted = `${tensor.type} [${tensor.dims.join(", ")}]`;
    if (result === undefined) {
      throw new MillraceError("INVALID_OPTION", `The model has no output "${name}".`);
    }
    if (result.type !== tensor.type || result.dims.join() !== tensor.dims.join()) {
      throw new MillraceError(
        "INVALID_OPTION",
        `The output "${name}" is ${result.type} [${result.dims.join(", ")}]; ${wanted} was given to be filled.`,
      );
    }
    if (result.data !== tensor.data) tensor.data.set(result.data as never);
    filled[name] = tensor;
  }
  return filled;
}
