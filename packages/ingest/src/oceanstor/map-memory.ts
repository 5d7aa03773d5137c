import type { MapText } from "./block-map.ts";
import type { ColumnRules } from "./column-rules.ts";
import { type ColumnTable, columnTable } from "./column-table.ts";
import type { FileOwner } from "./file-owner.ts";
import { SeriesCounter } from "./series-counter.ts";

/**
 * Maps remembered between files, and the series they may name in all. Each controller has one map and
 * firmware changes bring another, but an archive whose elements change in every file must not fill the
 * memory with maps that never come back.
 */
const REMEMBERED_MAPS = 32;
const REMEMBERED_SERIES = 500_000;

/** A map that was read, and its columns. */
export interface RememberedMap {
  readonly serial: string;
  /** Empty where the columns do not depend on it. */
  readonly controller: string;
  readonly intervalSeconds: number;
  readonly mapBytes: Uint8Array;
  readonly columns: ColumnTable;
  /** Of a row, wanted or not. */
  readonly columnCount: number;
  /** Its `ingest:table` was emitted. */
  published: boolean;
}

/** What a parser learnt in one run. */
export class MapMemory {
  readonly series: SeriesCounter = new SeriesCounter();
  readonly #rules: ColumnRules;
  /** Most recently used first. */
  readonly #maps: RememberedMap[] = [];

  constructor(rules: ColumnRules) {
    this.#rules = rules;
  }

  /** The columns under a map; the same object for equal maps, so that their blocks can be joined. */
  columnsOf(owner: FileOwner, map: MapText): RememberedMap {
    const maps = this.#maps;
    const { serial } = owner;
    const controller = this.#rules.controllerLabel ? owner.controller : "";
    const { intervalSeconds } = map.times;
    const at = maps.findIndex(
      (m) =>
        m.serial === serial &&
        m.controller === controller &&
        m.intervalSeconds === intervalSeconds &&
        Buffer.compare(m.mapBytes, map.mapBytes) === 0,
    );
    const known = maps[at];
    if (known === undefined) return this.#remember(serial, controller, map);
    // With two controllers in turn the search stays short.
    if (at > 0) maps.unshift(...maps.splice(at, 1));
    return known;
  }

  #remember(
    serial: string,
    controller: string,
    { times, mapBytes, resources }: MapText,
  ): RememberedMap {
    const maps = this.#maps;
    const { intervalSeconds } = times;
    const found = resources();
    const mapKey = JSON.stringify(found);
    const made = columnTable(found, { serial, controller, intervalSeconds, mapKey }, this.#rules);
    // Another text, with blanks or other keys, may mean columns that are known already.
    const equal = maps.find((m) => m.columns.table.id === made.table.id);
    const columns = equal?.columns ?? made;
    const fresh: RememberedMap = {
      serial,
      controller,
      intervalSeconds,
      mapBytes: Uint8Array.from(mapBytes),
      columns,
      columnCount: columns.columnCount,
      published: equal?.published ?? false,
    };
    maps.unshift(fresh);
    let series = 0;
    const tooMany = maps.findIndex((map, i) => {
      series += map.columnCount;
      return i > 0 && (i >= REMEMBERED_MAPS || series > REMEMBERED_SERIES);
    });
    if (tooMany > 0) maps.length = tooMany;
    return fresh;
  }
}
