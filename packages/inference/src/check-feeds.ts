import { MillraceError } from "@millrace/core";
import type { NamedTensors, TensorSpec } from "./inference-backend.ts";
import { elementCount } from "./tensor.ts";
import { tensorArray } from "./tensor-array.ts";

/** Sizes of a model's named axes, such as `{ batch: 8 }`. */
export type AxisSizes = Readonly<Record<string, number>>;

/**
 * Checks what a session was given against what its model declares, and tells the sizes of the named axes.
 * For writers of backends; the sessions of this package do so in `run`.
 *
 * @param specs - the inputs of the model
 * @param feeds - what was given
 * @example
 * ```ts
 * import { checkFeeds, tensor } from "@millrace/inference";
 *
 * const specs = [{ name: "x", type: "float32", dims: ["batch", 2] }] as const;
 * const axes = checkFeeds(specs, { x: tensor("float32", new Float32Array(6), [3, 2]) });
 * console.log(axes); // { batch: 3 }
 * ```
 * @throws MillraceError INVALID_OPTION when a feed is missing, unknown, of another type or shape, or when
 * an axis has two sizes
 */
export function checkFeeds(specs: readonly TensorSpec[], feeds: NamedTensors): AxisSizes {
  const sizes: Record<string, number> = {};
  const known = new Set(specs.map(({ name }) => name));
  for (const name of Object.keys(feeds)) {
    if (!known.has(name)) {
      throw refusal(`The model has no input "${name}"; it has ${[...known].join(", ")}.`);
    }
  }
  for (const { name, type, dims } of specs) {
    const feed = feeds[name];
    if (feed === undefined) throw refusal(`The input "${name}" is missing.`);
    const wanted = `${type} [${dims.join(", ")}]`;
    const given = `${feed.type} [${feed.dims.join(", ")}]`;
    if (feed.type !== type || feed.dims.length !== dims.length) {
      throw refusal(`The input "${name}" is ${wanted}; ${given} was given.`);
    }
    for (const [i, axis] of dims.entries()) {
      const size = feed.dims[i] as number;
      const expected = typeof axis === "number" ? axis : (sizes[axis] ?? size);
      if (size !== expected) {
        const where = typeof axis === "number" ? "" : `, where ${axis} is ${expected} elsewhere`;
        throw refusal(`The input "${name}" is ${wanted}; ${given} was given${where}.`);
      }
      // An axis without a name has a size of its own in each input.
      if (typeof axis === "string" && axis !== "") sizes[axis] = size;
    }
    const arrays = tensorArray(type).name;
    // Not by instanceof, which knows only the arrays of one realm.
    const own = Object.prototype.toString.call(feed.data).slice("[object ".length, -1);
    if (own !== arrays) throw refusal(`The input "${name}" needs a ${arrays}; it has ${own}.`);
    if (feed.data.length !== elementCount(feed.dims)) {
      throw refusal(`The input "${name}" says ${given} and has ${feed.data.length} elements.`);
    }
  }
  return sizes;
}

function refusal(message: string): MillraceError {
  return new MillraceError("INVALID_OPTION", message);
}
