import { MillraceError } from "@millrace/core";
import { elementCount, type NamedTensors, type Tensor } from "@millrace/inference";

/**
 * Puts tensors of one shape behind each other along their first axis, by name.
 *
 * @param size - of the first axis of the result, where it is more than there are: the rest are zeros
 */
export function stackTensors(parts: readonly NamedTensors[], size?: number): NamedTensors {
  const stacked: Record<string, Tensor> = {};
  for (const [name, first] of Object.entries(parts[0] ?? {})) {
    const tensors = parts.map((part) => part[name] as Tensor);
    const rows = tensors.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
    const dims = [Math.max(rows, size ?? 0), ...first.dims.slice(1)];
    const data = new (first.data.constructor as new (length: number) => Float32Array)(
      elementCount(dims),
    );
    let at = 0;
    for (const { data: part } of tensors) {
      data.set(part as Float32Array, at);
      at += part.length;
    }
    stacked[name] = { type: first.type, data, dims } as Tensor;
  }
  return stacked;
}

/**
 * The first slices of tensors along their first axis, one each, without a copy.
 *
 * @param count - slices wanted; what lies behind them is left out
 * @throws MillraceError UNSUPPORTED when a tensor's first axis has fewer
 */
export function splitTensors(tensors: NamedTensors, count: number): readonly NamedTensors[] {
  for (const [name, { dims }] of Object.entries(tensors)) {
    if ((dims[0] ?? 0) >= count) continue;
    throw new MillraceError(
      "UNSUPPORTED",
      `Tensor "${name}" has the shape [${dims.join(", ")}], which does not begin with a batch of ${count}. ` +
        "A model whose inputs and outputs are not batched cannot share batches.",
    );
  }
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { type, data, dims }]) => {
        const rest = dims.slice(1);
        const size = elementCount(rest);
        const slice = data.subarray(i * size, (i + 1) * size);
        return [name, { type, data: slice, dims: [1, ...rest] } as Tensor];
      }),
    ),
  );
}
