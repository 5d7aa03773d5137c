import {
  type Labels,
  MillraceError,
  type SeriesBatch,
  type SeriesTable,
  type Stage,
} from "@millrace/core";
import { mapTables } from "./map-tables.ts";

/** Changes of {@link mapLabels}. */
export interface LabelChanges {
  /** Labels that every series gets: `{ site: "berlin" }`. @defaultValue none */
  readonly add?: Labels;
  /** New names of labels, by the old ones: `{ Element: "element" }`. @defaultValue none */
  readonly rename?: Readonly<Record<string, string>>;
}

/** Names that every database takes. */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A stage that adds and renames labels; it costs nothing beyond the first batch of a table.
 *
 * Renaming comes first. Pages and tables of this package look for the vendor's labels under their own
 * names, so rename behind them: in front of a database, not of a `tee`.
 *
 * @throws MillraceError INVALID_OPTION for a name that is none, and, once the flow runs, where a series
 *   has a label of that name already
 * @example
 * ```ts
 * import { discard } from "@millrace/core";
 * import { ingest, mapLabels } from "@millrace/ingest";
 *
 * const changes = mapLabels({ add: { site: "berlin" }, rename: { Element: "element" } });
 * await ingest("archive.zip").pipe(changes).to(discard()).result;
 * ```
 */
export function mapLabels(changes: LabelChanges): Stage<SeriesBatch, SeriesBatch> {
  const map = mapTables(labelMapping(changes));
  return async function* mapLabels(batches) {
    for await (const batch of batches) yield map(batch);
  };
}

/**
 * The change of one table that {@link mapLabels} makes.
 *
 * @throws MillraceError INVALID_OPTION for a name that is none
 */
export function labelMapping({
  add = {},
  rename = {},
}: LabelChanges): (table: SeriesTable) => SeriesTable {
  for (const name of [...Object.keys(add), ...Object.values(rename)]) {
    if (LABEL_NAME.test(name) && name !== "__name__") continue;
    throw new MillraceError(
      "INVALID_OPTION",
      `mapLabels: ${JSON.stringify(name)} cannot be the name of a label; give letters, digits and _.`,
    );
  }
  if (Object.hasOwn(rename, "__name__")) {
    throw new MillraceError("INVALID_OPTION", "mapLabels: __name__ cannot be renamed.");
  }
  const key = JSON.stringify([add, rename]);
  const newName = new Map(Object.entries(rename));
  const added = Object.entries(add);
  return (table) => ({
    ...table,
    id: `${table.id} ${key}`,
    labels: table.labels.map((labels) => {
      const changed: Record<string, string> = {};
      const set = (name: string, value: string): void => {
        if (Object.hasOwn(changed, name)) throw taken(name);
        changed[name] = value;
      };
      for (const [name, value] of Object.entries(labels)) set(newName.get(name) ?? name, value);
      for (const [name, value] of added) set(name, value);
      return changed;
    }),
  });
}

function taken(name: string): MillraceError {
  return new MillraceError(
    "INVALID_OPTION",
    `mapLabels: every series has a label "${name}" already; give another name.`,
  );
}
