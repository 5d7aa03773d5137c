import { csvField } from "./csv-field.ts";
import { COMMON_HEADINGS, type ResourceForm, resourceForm } from "./perfmonkey.ts";
import type { ElementRun } from "./table-layout.ts";
import { TextFile } from "./text-output.ts";

/** One file of rows: the metrics of one resource type of one array. */
export class WideFile {
  readonly serial: string;
  readonly resource: string;
  readonly form: ResourceForm;
  /** First line, with its line break. */
  readonly header: string;
  /** Number of columns in all. */
  readonly columns: number;
  readonly text: TextFile;
  /** Rows written so far. */
  rows = 0;
  readonly #headings: ReadonlyMap<string, number>;

  /** @param headings - metrics, in the order of the columns */
  constructor(
    folder: string,
    gzip: boolean,
    { serial, resource }: ElementRun,
    headings: ReadonlySet<string>,
  ) {
    this.serial = serial;
    this.resource = resource;
    this.form = resourceForm(resource);
    this.text = new TextFile(folder, `wide-csv: ${folder}`, { gzip, keepOpen: false });
    this.#headings = new Map(Array.from(headings, (heading, column) => [heading, column]));
    const { prefix, columns } = this.form;
    const all = [prefix, ...COMMON_HEADINGS, ...columns.map(([heading]) => heading), ...headings];
    this.columns = all.length;
    this.header = `${all.map((heading) => csvField(heading, ",")).join(",")}\n`;
  }

  /** Whether there is a column for every one of these. */
  covers(headings: ReadonlySet<string>): boolean {
    for (const heading of headings) if (!this.#headings.has(heading)) return false;
    return true;
  }

  /** For each column of a metric, the place of the metric in `headings`; -1 where it is not there. */
  placesOf(headings: readonly string[]): Int32Array {
    const places = new Int32Array(this.#headings.size).fill(-1);
    headings.forEach((heading, place) => {
      places[this.#headings.get(heading) as number] = place;
    });
    return places;
  }

  /** What stands between the times and the metrics in the rows of an element. */
  middleOf(element: string): Buffer {
    const fields = [this.serial, ...this.form.columns.map(([, text]) => text ?? element)];
    return Buffer.from(fields.map((field) => csvField(field, ",")).join(","));
  }
}
