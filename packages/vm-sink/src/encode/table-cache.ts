import type { Labels, SeriesTable } from "@millrace/core";

/** What every series of a table starts with, encoded once. */
export interface EncodedTable {
  readonly bytes: Buffer;
  /** Series `s` lies at `bytes[offsets[s], offsets[s + 1])`. */
  readonly offsets: Uint32Array;
}

/** Encodes labels table by table, and each table once: by identity, so that a finished one can be collected. */
export class TableCache {
  readonly #tables = new WeakMap<SeriesTable, EncodedTable>();
  readonly #createEncoder: () => (labels: Labels) => Uint8Array;

  /** @param createEncoder - makes the encoder of one table, which may remember what its series share */
  constructor(createEncoder: () => (labels: Labels) => Uint8Array) {
    this.#createEncoder = createEncoder;
  }

  get(table: SeriesTable): EncodedTable {
    let encoded = this.#tables.get(table);
    if (encoded === undefined) {
      const parts = table.labels.map(this.#createEncoder());
      const offsets = new Uint32Array(parts.length + 1);
      parts.forEach((part, s) => {
        offsets[s + 1] = (offsets[s] as number) + part.length;
      });
      encoded = { bytes: Buffer.concat(parts), offsets };
      this.#tables.set(table, encoded);
    }
    return encoded;
  }
}
