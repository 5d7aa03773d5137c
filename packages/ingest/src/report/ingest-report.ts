import type { OriginReadEvent, Run, RunEvent } from "@millrace/core";
import type { SharedName } from "../oceanstor/column-table.ts";
import type { PeriodFacts, TableFacts } from "../oceanstor/oceanstor.ts";

/** A file that did not go through whole, and why. */
export interface FileNote {
  readonly file: string;
  readonly problems: readonly string[];
}

/** Files that did not go through whole. */
export interface FileCounts {
  readonly partial: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What was found of one array. */
export interface ArrayReport {
  readonly serial: string;
  readonly model: string;
  readonly controllers: readonly string[];
  /** First and last sample, Unix milliseconds. */
  readonly timeRangeMs: readonly [number, number];
  /** Seconds between two samples; the smallest where several occur. */
  readonly intervalSeconds: number;
  /** All intervals that occur, ascending. */
  readonly intervals: readonly number[];
  /** Samples delivered to the sink. */
  readonly samples: number;
  readonly series: number;
}

/** What a load did, file by file and in all. */
export interface IngestReport {
  /** Whether every sample of every file is where it should be, apart from what was left out on purpose. */
  readonly complete: boolean;
  readonly files: {
    /** Files found in the inputs. */
    readonly total: number;
    /** Read whole and accepted whole. */
    readonly ok: number;
    readonly partial: readonly FileNote[];
    readonly failed: readonly FileNote[];
    /** Left out on purpose: equal copies, `__MACOSX`, files of another kind. */
    readonly skipped: readonly FileNote[];
    /** How many there are of each; the lists above end at 10,000. */
    readonly counts: FileCounts;
  };
  readonly samples: {
    readonly parsed: number;
    readonly accepted: number;
    readonly durable: number;
    /** Left out by a filter. */
    readonly filtered: number;
    /** Parsed and then refused or dropped by the sink or its database. */
    readonly rejected: number;
  };
  /** Distinct series. */
  readonly series: number;
  /** Ids that are in no table; they were delivered under names made of the id. */
  readonly unknown: { readonly metrics: readonly number[]; readonly resources: readonly number[] };
  /** Series names that several metric ids of one resource share; both values were delivered. */
  readonly sharedNames: readonly SharedName[];
  readonly warnings: readonly string[];
  /** Bytes read from the inputs, as stored. */
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly arrays: readonly ArrayReport[];
  /** Why the run ended early, where it did. */
  readonly error?: string;
}

/** Options of {@link collectReport}. */
export interface CollectReportOptions<R> {
  /** Samples that the sink's result says were refused or dropped after it had taken them. @defaultValue none */
  readonly rejected?: (result: R) => number;
}

/** Notes kept in a report; a broken archive of a million files must not fill the memory. */
const MOST_NOTES = 10_000;

/**
 * The report of a run of `ingest`. Call it in the same turn as `flow.to(…)`, so that no event is missed;
 * it settles once the run has ended, well or not, and never rejects.
 *
 * @example
 * ```ts
 * import { discard } from "@millrace/core";
 * import { collectReport, ingest } from "@millrace/ingest";
 *
 * const { files, samples } = await collectReport(ingest("archive.zip").to(discard()));
 * console.log(files.ok, samples.accepted);
 * ```
 */
export async function collectReport<R>(
  run: Run<R>,
  options: CollectReportOptions<R> = {},
): Promise<IngestReport> {
  const files = new FileLedger();
  const facts = new FactLedger();
  const warnings = new Set<string>();
  let error: string | undefined;
  let elapsedMs = 0;
  let [accepted, durable, bytes, total] = [0, 0, 0, 0];
  run.events$.subscribe((event) => {
    files.note(event);
    facts.note(event);
    if (event.type === "warning") warnings.add(event.message);
    if (event.type === "run-error") {
      error = event.error instanceof Error ? event.error.message : String(event.error);
    }
    if (event.type === "run-error" || event.type === "run-done") elapsedMs = event.elapsedMs;
  });
  run.watermark$.subscribe(({ units }) => {
    accepted = units.accepted;
    durable = units.durable;
  });
  const ended = new Promise<void>((resolve) => {
    run.progress$.subscribe({
      next(progress) {
        bytes = progress.bytes.read;
        total = progress.origins.total;
      },
      complete: resolve,
    });
  });
  const rejected = await run.result.then(options.rejected ?? (() => 0)).catch(() => 0);
  await ended;
  const result = files.result();
  const { parsed, filtered } = files;
  const lost = result.counts.partial + result.counts.failed + rejected;
  return {
    complete: error === undefined && lost === 0 && accepted >= parsed,
    files: { total: Math.max(total, files.seen), ...result },
    samples: { parsed, accepted: accepted - rejected, durable, filtered, rejected },
    ...facts.result(),
    warnings: [...warnings],
    bytes,
    elapsedMs,
    ...(error === undefined ? {} : { error }),
  };
}

/** Outcomes by file; whole files are only counted. */
class FileLedger {
  parsed = 0;
  filtered = 0;
  seen = 0;
  #ok = 0;
  readonly #unaccepted = new Set<string>();
  readonly #partial = new NoteList();
  readonly #failed = new NoteList();
  readonly #skipped = new NoteList();

  note(event: RunEvent): void {
    if (event.type === "origin-read") this.#read(event);
    if (event.type === "origin-accept") {
      if (this.#unaccepted.delete(event.origin)) this.#ok += 1;
    }
  }

  #read({ origin, outcome, count, filtered, problems }: OriginReadEvent): void {
    this.seen += 1;
    this.parsed += count;
    this.filtered += filtered;
    const note = { file: origin, problems };
    if (outcome === "ok") this.#unaccepted.add(origin);
    else if (outcome === "partial") this.#partial.add(note);
    else if (outcome === "failed") this.#failed.add(note);
    else this.#skipped.add(note);
  }

  result(): Omit<IngestReport["files"], "total"> {
    const problems = ["Read, but not (wholly) accepted by the sink."];
    for (const file of this.#unaccepted) this.#failed.add({ file, problems });
    this.#unaccepted.clear();
    const [partial, failed, skipped] = [this.#partial, this.#failed, this.#skipped];
    return {
      ok: this.#ok,
      partial: partial.notes,
      failed: failed.notes,
      skipped: skipped.notes,
      counts: { partial: partial.count, failed: failed.count, skipped: skipped.count },
    };
  }
}

/** Counts all notes and keeps the first ones. */
class NoteList {
  readonly notes: FileNote[] = [];
  count = 0;

  add(note: FileNote): void {
    this.count += 1;
    if (this.notes.length < MOST_NOTES) this.notes.push(note);
  }
}

interface ArrayFacts {
  model: string;
  readonly controllers: Set<string>;
  readonly intervals: Set<number>;
  firstMs: number;
  lastMs: number;
  samples: number;
  series: number;
}

/** What the parser says of arrays, series and ids. */
class FactLedger {
  readonly #arrays = new Map<string, ArrayFacts>();
  readonly #unknownMetrics = new Set<number>();
  readonly #unknownResources = new Set<number>();
  readonly #sharedNames = new Map<string, SharedName>();

  note(event: RunEvent): void {
    if (event.type === "ingest:table") this.#table(event.data as unknown as TableFacts);
    if (event.type === "ingest:period") this.#period(event.data as unknown as PeriodFacts);
  }

  #table(facts: TableFacts): void {
    this.#array(facts.serial, facts.model).series += facts.newSeries;
    for (const id of facts.unknownMetrics) this.#unknownMetrics.add(id);
    for (const id of facts.unknownResources) this.#unknownResources.add(id);
    for (const shared of facts.sharedNames) {
      this.#sharedNames.set(`${shared.resource} ${shared.series}`, shared);
    }
  }

  #period(facts: PeriodFacts): void {
    const array = this.#array(facts.serial, facts.model);
    if (facts.controller !== "") array.controllers.add(facts.controller);
    array.intervals.add(facts.intervalSeconds);
    array.firstMs = Math.min(array.firstMs, facts.firstMs);
    array.lastMs = Math.max(array.lastMs, facts.lastMs);
    array.samples += facts.samples;
  }

  #array(serial: string, model: string): ArrayFacts {
    let array = this.#arrays.get(serial);
    if (array === undefined) {
      array = {
        model,
        controllers: new Set(),
        intervals: new Set(),
        firstMs: Number.POSITIVE_INFINITY,
        lastMs: Number.NEGATIVE_INFINITY,
        samples: 0,
        series: 0,
      };
      this.#arrays.set(serial, array);
    }
    return array;
  }

  result(): Pick<IngestReport, "series" | "unknown" | "sharedNames" | "arrays"> {
    const arrays = [...this.#arrays]
      .filter(([, array]) => array.samples > 0)
      .map(([serial, array]): ArrayReport => {
        const intervals = ascending(array.intervals);
        return {
          serial,
          model: array.model,
          controllers: [...array.controllers].sort(),
          timeRangeMs: [array.firstMs, array.lastMs],
          intervalSeconds: intervals[0] ?? 0,
          intervals,
          samples: array.samples,
          series: array.series,
        };
      });
    return {
      series: arrays.reduce((sum, { series }) => sum + series, 0),
      unknown: {
        metrics: ascending(this.#unknownMetrics),
        resources: ascending(this.#unknownResources),
      },
      sharedNames: [...this.#sharedNames.values()],
      arrays,
    };
  }
}

function ascending(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
