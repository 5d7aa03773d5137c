import { createActivity, fillActivity } from "./element-activity.ts";
import type { Layout } from "./layout.ts";
import { hashOf, Random } from "./random.ts";
import { behaviourOf, type ValueBehaviour } from "./value-behaviours.ts";

/** What the samples of one block depend on. */
export interface MatrixSource {
  readonly layout: Layout;
  readonly startSeconds: number;
  readonly intervalSeconds: number;
  readonly rows: number;
  /** Differs between controllers, so that two that report the same element disagree. */
  readonly noiseSeed: number;
  /** Puts INT_MIN, INT_MAX and -1 among the values. */
  readonly extremes: boolean;
}

interface ColumnPlan {
  readonly behaviours: readonly ValueBehaviour[];
  /** Traits of all elements, metric by metric within an element. */
  readonly traits: Float64Array;
}

const plans = new WeakMap<Layout["resources"][number], ColumnPlan>();

/**
 * The samples of a block, row-major as they are stored: all columns of the first collection time,
 * then all of the second. Equal sources give equal values.
 */
export function sampleMatrix(source: MatrixSource): Int32Array {
  const { layout, startSeconds, intervalSeconds, rows } = source;
  const values = new Int32Array(rows * layout.width);
  const random = new Random(hashOf(source.noiseSeed, startSeconds));
  const activity = createActivity(rows);
  let offset = 0;
  for (const resource of layout.resources) {
    const { behaviours, traits } = planOf(resource);
    let cell = 0;
    for (const element of resource.elements) {
      fillActivity(
        activity,
        element.seed,
        element.alwaysActive,
        startSeconds,
        intervalSeconds,
        random,
      );
      for (const behaviour of behaviours) {
        const column = { values, offset: offset++, stride: layout.width, rows };
        behaviour(column, activity, traits[cell++] as number, random);
      }
    }
  }
  if (source.extremes) putExtremes(values, layout.width, rows);
  return values;
}

/** Column 0 gets INT_MIN and INT_MAX in turn, the last column -1 in every second row. */
function putExtremes(values: Int32Array, width: number, rows: number): void {
  for (let row = 0; row < rows; row++) {
    values[row * width] = row % 2 === 0 ? -0x8000_0000 : 0x7fff_ffff;
    if (row % 2 === 0) values[row * width + width - 1] = -1;
  }
}

function planOf(resource: Layout["resources"][number]): ColumnPlan {
  const known = plans.get(resource);
  if (known !== undefined) return known;
  const traits = new Float64Array(resource.elements.length * resource.metricIds.length);
  let cell = 0;
  for (const element of resource.elements) {
    for (const id of resource.metricIds) traits[cell++] = hashOf(element.seed, id) / 0x1_0000_0000;
  }
  const plan = { behaviours: resource.metricIds.map(behaviourOf), traits };
  plans.set(resource, plan);
  return plan;
}
