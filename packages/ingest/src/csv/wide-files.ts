import { MillraceError } from "@millrace/core";
import type { ElementRun, TableLayout } from "./table-layout.ts";
import { WideFile } from "./wide-file.ts";

/** Where the rows of an element go. */
export interface RowTarget {
  readonly file: WideFile;
  /** What stands between the times and the metrics. */
  readonly middle: Buffer;
  /** For each column of a metric, which series of the run it shows, or -1. */
  readonly places: Int32Array;
}

/** More than any archive needs, less than a hostile one could ask for. */
const MOST_FILES = 10_000;

/** All files of a run: found by array, resource type and columns, made when first needed. */
export class WideFiles {
  readonly #folder: string;
  readonly #gzip: boolean;
  readonly #byResource = new Map<string, WideFile[]>();
  readonly #all: WideFile[] = [];

  constructor(folder: string, gzip: boolean) {
    this.#folder = folder;
    this.#gzip = gzip;
  }

  /** In the order in which they were made. */
  get all(): readonly WideFile[] {
    return this.#all;
  }

  /**
   * Finds the file of every element of a table. A resource type goes into the first file of its array
   * that has a column for each of its metrics; where there is none, one with the columns of this table
   * is made.
   *
   * @returns one target a run
   * @throws MillraceError LIMIT_EXCEEDED when that would be more files than anybody wants
   */
  targetsOf({ runs }: TableLayout): readonly RowTarget[] {
    const headings = new Map<string, Set<string>>();
    const seen = new Map<string, readonly string[]>();
    for (const run of runs) {
      const key = keyOf(run);
      // Neighbours mostly share their list.
      if (seen.get(key) === run.headings) continue;
      seen.set(key, run.headings);
      const all = headings.get(key) ?? new Set();
      headings.set(key, all);
      for (const heading of run.headings) all.add(heading);
    }
    const files = new Map<string, WideFile>();
    let last: { readonly file: WideFile; readonly of: readonly string[] } | undefined;
    let places: Int32Array = new Int32Array(0);
    return runs.map((run) => {
      const key = keyOf(run);
      let file = files.get(key);
      if (file === undefined) {
        file = this.#fileFor(run, key, headings.get(key) as ReadonlySet<string>);
        files.set(key, file);
      }
      if (last?.file !== file || last.of !== run.headings) {
        places = file.placesOf(run.headings);
        last = { file, of: run.headings };
      }
      return { file, middle: file.middleOf(run.element), places };
    });
  }

  #fileFor(run: ElementRun, key: string, headings: ReadonlySet<string>): WideFile {
    const there = this.#byResource.get(key) ?? [];
    const covering = there.find((file) => file.covers(headings));
    if (covering !== undefined) return covering;
    if (this.#all.length >= MOST_FILES) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `wide-csv: the input needs more than ${MOST_FILES} files, one for each array, resource type and list of metrics; load fewer arrays at once.`,
      );
    }
    const file = new WideFile(this.#folder, this.#gzip, run, headings);
    this.#byResource.set(key, [...there, file]);
    this.#all.push(file);
    return file;
  }
}

function keyOf({ serial, resource }: ElementRun): string {
  return JSON.stringify([serial, resource]);
}
