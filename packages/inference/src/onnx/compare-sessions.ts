import type { NamedTensors, TensorSpec } from "../inference-backend.ts";
import { tensorArray } from "../tensor-array.ts";

/** A session to be compared; runs one after another. */
export interface ComparedSession {
  readonly inputs: readonly TensorSpec[];
  run(feeds: NamedTensors): Promise<NamedTensors>;
}

/** The first state of the random numbers, so that each check of a model is the same. */
const SEED = 2_463_534_242;

/**
 * Runs both with the same random input, 0 to 1, and tells by how much the outputs differ at most: 1 is the largest
 * absolute value of an output of `reference`, or 1 if that is more. Infinite where only one has numbers.
 *
 * @param axes - sizes of the named axes; 1 for the others
 */
export async function compareSessions(
  candidate: ComparedSession,
  reference: ComparedSession,
  axes: Readonly<Record<string, number>>,
): Promise<number> {
  const feeds = randomFeeds(reference.inputs, axes);
  const expected = await reference.run(feeds);
  const actual = await candidate.run(feeds);
  let largest = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    const other = actual[name]?.data;
    if (other?.length !== data.length) return Number.POSITIVE_INFINITY;
    let unit = 1;
    for (const value of data)
      if (Number.isFinite(Number(value))) unit = Math.max(unit, Math.abs(Number(value)));
    for (const [i, value] of data.entries()) {
      const a = Number(value);
      const b = Number(other[i]);
      if (Object.is(a, b) || a === b) continue;
      const difference = Math.abs(a - b) / unit;
      largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
  }
  return largest;
}

function randomFeeds(
  specs: readonly TensorSpec[],
  axes: Readonly<Record<string, number>>,
): NamedTensors {
  let state = SEED;
  const random = (): number => {
    // Xorshift, Marsaglia 2003.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return Object.fromEntries(
    specs.map(({ name, type, dims }) => {
      const sizes = dims.map((axis) => (typeof axis === "number" ? axis : (axes[axis] ?? 1)));
      const data = new (tensorArray(type))(sizes.reduce((product, size) => product * size, 1));
      const whole = !type.startsWith("float");
      for (let i = 0; i < data.length; i++) {
        const value = whole ? Math.round(random()) : random();
        data[i] = type.endsWith("int64") ? BigInt(value) : value;
      }
      return [name, { type, dims: sizes, data }];
    }),
  );
}
