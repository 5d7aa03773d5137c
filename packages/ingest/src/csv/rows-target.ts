import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunContext, SeriesBatch, SeriesTable } from "@millrace/core";
import { type ElementCells, ElementRows } from "./element-rows.ts";
import type { FileTarget } from "./file-sink.ts";
import { LeftOutLabels } from "./label-columns.ts";
import { fileWord } from "./perfmonkey.ts";
import { SplitElement } from "./split-element.ts";
import { type ElementRun, type TableLayout, tableLayout } from "./table-layout.ts";
import { ChunkQueue } from "./text-output.ts";
import { americanTime, GridTexts } from "./time-text.ts";
import type { WideCsvFile, WideCsvOptions, WideCsvResult } from "./wide-csv.ts";
import type { WideFile } from "./wide-file.ts";
import { type RowTarget, WideFiles } from "./wide-files.ts";

/** Turns batches into rows, and rows into the files of a folder. */
export class RowsTarget implements FileTarget<WideCsvResult> {
  readonly #settings: Required<WideCsvOptions>;
  readonly #folderMade: boolean;
  readonly #files: WideFiles;
  readonly #leftOut: LeftOutLabels;
  readonly #queue = new ChunkQueue();
  readonly #times = new GridTexts((timeMs) => `,${americanTime(timeMs)},${americanTime(timeMs)},`);
  readonly #tables = new WeakMap<
    SeriesTable,
    { readonly layout: TableLayout; readonly targets: readonly RowTarget[] }
  >();
  #split: SplitElement | undefined;
  /** The buffer that is being filled, and the file that it is for. */
  #chunk: Buffer | undefined;
  #end = 0;
  #file: WideFile | undefined;
  #samples = 0;
  #dropped = 0;

  constructor(settings: Required<WideCsvOptions>, folderMade: boolean, context: RunContext) {
    this.#settings = settings;
    this.#folderMade = folderMade;
    this.#files = new WideFiles(settings.folder, settings.gzip);
    // An interval shows in the times.
    const shown = ["__name__", "Resource", "Element", "SN", "scrape_interval"];
    this.#leftOut = new LeftOutLabels("wide-csv", shown, context);
  }

  async write(batch: SeriesBatch, signal: AbortSignal): Promise<void> {
    const { firstSeries, seriesCount, table, values, present } = batch;
    const { layout } = this.#table(table);
    const to = firstSeries + seriesCount;
    const times = this.#times.of(batch.grid);
    for (let series = firstSeries; series < to; ) {
      const index = layout.runOf[series] as number;
      const run = layout.runs[index] as ElementRun;
      const end = run.first + run.count;
      if (this.#split !== undefined && !this.#split.continues(run, batch)) await this.#endSplit();
      if (this.#split === undefined && series === run.first && end <= to) {
        const offset = (series - firstSeries) * times.length;
        await this.#write({ table, run, values, present, offset, ...this.#grid(batch, layout) });
      } else {
        this.#split ??= new SplitElement(run, batch, times.length);
        this.#split.take(batch);
        if (this.#split.complete) await this.#endSplit();
      }
      signal.throwIfAborted();
      series = end;
    }
  }

  async finish(signal: AbortSignal): Promise<WideCsvResult> {
    await this.#endSplit();
    await this.#send();
    await this.#queue.drain();
    const { folder, gzip } = this.#settings;
    const written = this.#files.all.filter(({ rows }) => rows > 0);
    for (const { text } of written) await text.seal();
    signal.throwIfAborted();
    const names = fileNames(written, gzip ? ".csv.gz" : ".csv");
    const files: WideCsvFile[] = [];
    for (const [i, { text, serial, resource, columns, rows }] of written.entries()) {
      const path = join(folder, names[i] as string);
      await text.publish(path);
      files.push({ path, serial, resource, columns, rows, sizeBytes: text.sizeBytes });
    }
    return { folder, files, samples: this.#samples, dropped: this.#dropped };
  }

  async discard(): Promise<void> {
    for (const { text } of this.#files.all) await text.discard();
    // Only an empty folder can be removed this way, so nobody else's files are lost.
    if (this.#folderMade) await rmdir(this.#settings.folder).catch(() => {});
  }

  #table(table: SeriesTable): { layout: TableLayout; targets: readonly RowTarget[] } {
    let known = this.#tables.get(table);
    if (known === undefined) {
      const layout = tableLayout(table, this.#settings.metricNames, (of) => this.#leftOut.look(of));
      known = { layout, targets: this.#files.targetsOf(layout) };
      this.#tables.set(table, known);
    }
    return known;
  }

  #grid(
    { grid }: SeriesBatch,
    layout: TableLayout,
  ): Pick<ElementCells, "layout" | "times" | "longestTime"> {
    return { layout, times: this.#times.of(grid), longestTime: this.#times.longest };
  }

  /** Writes what there is of an element that came in pieces. */
  async #endSplit(): Promise<void> {
    const split = this.#split;
    this.#split = undefined;
    if (split === undefined) return;
    const { batch, run, values, present } = split;
    const { table } = batch;
    const { layout } = this.#table(table);
    await this.#write({ table, run, values, present, offset: 0, ...this.#grid(batch, layout) });
  }

  async #write(cells: ElementCells): Promise<void> {
    const { layout, run, table } = cells;
    const target = this.#table(table).targets[layout.runOf[run.first] as number] as RowTarget;
    const { file } = target;
    if (file !== this.#file) {
      await this.#send();
      this.#file = file;
    }
    const rows = new ElementRows(cells, target);
    while (!rows.done) {
      const header = file.rows === 0 && this.#end === 0 ? file.header : "";
      this.#chunk ??= this.#queue.take(Buffer.byteLength(header) + rows.longestRow);
      if (header !== "") this.#end = this.#chunk.write(header);
      this.#end = rows.fill(this.#chunk, this.#end);
      if (!rows.done) await this.#send();
    }
    this.#samples += rows.samples;
    this.#dropped += rows.dropped;
  }

  async #send(): Promise<void> {
    const chunk = this.#chunk;
    const end = this.#end;
    const file = this.#file;
    this.#chunk = undefined;
    this.#end = 0;
    if (chunk === undefined || file === undefined || file.rows === 0) return;
    await this.#queue.push(file.text, chunk, end);
  }
}

/** Serial numbers stand in the names where there are several; what would be equal is numbered. */
function fileNames(files: readonly WideFile[], ending: string): readonly string[] {
  const several = new Set(files.map(({ serial }) => serial)).size > 1;
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return files.map(({ serial, form }) => {
    const base = `${several ? `${fileWord(serial)}_` : ""}${form.file}_output`;
    let nth = counts.get(base.toLowerCase()) ?? 1;
    let name = "";
    do {
      name = nth === 1 ? base : `${base}_${nth}`;
      nth += 1;
    } while (taken.has(name.toLowerCase()));
    counts.set(base.toLowerCase(), nth);
    taken.add(name.toLowerCase());
    return `${name}${ending}`;
  });
}
