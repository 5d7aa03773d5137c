import type { SeriesBatch, SeriesTable } from "@millrace/core";

/** Batches with other tables: each table is changed once and keeps its identity from batch to batch. */
export function mapTables(
  change: (table: SeriesTable) => SeriesTable,
): (batch: SeriesBatch) => SeriesBatch {
  const changed = new WeakMap<SeriesTable, SeriesTable>();
  return (batch) => {
    let table = changed.get(batch.table);
    if (table === undefined) {
      table = change(batch.table);
      changed.set(batch.table, table);
    }
    return { ...batch, table };
  };
}
