import type { Layout } from "./layout.ts";

/** What one file must deliver for one series. Arrays of equal length, in time order. */
export interface TruthSeries {
  readonly serial: string;
  readonly resourceId: number;
  readonly element: string;
  readonly metricId: number;
  readonly intervalSeconds: number;
  /** Shared between the series of a file. */
  readonly timestampsMs: readonly number[];
  /** The stored int32 values, before any unit conversion. */
  readonly rawValues: readonly number[];
}

/** Rows that count, with their samples row-major. */
export interface TruthBlock {
  readonly startSeconds: number;
  readonly truthRows: number;
  readonly layout: Layout;
  readonly values: Int32Array;
}

/** The series of these blocks, which all have the columns of the first. */
export function* seriesOf(
  serial: string,
  intervalSeconds: number,
  blocks: readonly TruthBlock[],
): Generator<TruthSeries> {
  const [first] = blocks;
  if (first === undefined) return;
  const timestampsMs: number[] = [];
  for (const { startSeconds, truthRows } of blocks) {
    for (let row = 0; row < truthRows; row++) {
      timestampsMs.push((startSeconds + row * intervalSeconds) * 1000);
    }
  }
  const { width, resources } = first.layout;
  let column = 0;
  for (const resource of resources) {
    for (const element of resource.elements) {
      for (const metricId of resource.metricIds) {
        const rawValues: number[] = [];
        for (const { values, truthRows } of blocks) {
          for (let row = 0; row < truthRows; row++) {
            rawValues.push(values[row * width + column] as number);
          }
        }
        column += 1;
        yield {
          serial,
          resourceId: resource.id,
          element: element.name,
          metricId,
          intervalSeconds,
          timestampsMs,
          rawValues,
        };
      }
    }
  }
}
