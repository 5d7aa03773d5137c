import { type Labels, MillraceError, type RunContext } from "@millrace/core";

/** Labels of an OceanStor series that are no columns of their own accord. */
export const DEFAULT_LABELS: readonly string[] = ["SN", "scrape_interval"];

/**
 * Checks a list of labels that become columns.
 *
 * @param taken - columns that are there anyway
 * @throws MillraceError INVALID_OPTION for a name that is empty, is there twice, or is taken
 */
export function checkLabels(
  sink: string,
  labels: readonly string[],
  taken: readonly string[],
): readonly string[] {
  const seen = new Set(taken);
  for (const label of labels) {
    if (typeof label === "string" && label !== "" && !seen.has(label)) {
      seen.add(label);
      continue;
    }
    throw new MillraceError(
      "INVALID_OPTION",
      `${sink}: labels has ${JSON.stringify(label)}, which is ${seen.has(label) ? "a column already" : "no name of a label"}.`,
    );
  }
  return [...labels];
}

/** Says once for each label that it is in no column, since series may then look alike. */
export class LeftOutLabels {
  readonly #sink: string;
  readonly #shown: ReadonlySet<string>;
  readonly #said = new Set<string>();
  readonly #context: RunContext;
  #last: readonly string[] = [];

  /** @param shown - labels that are in some column */
  constructor(sink: string, shown: Iterable<string>, context: RunContext) {
    this.#sink = sink;
    this.#shown = new Set(shown);
    this.#context = context;
  }

  /** Looks at the labels of one series. */
  look(labels: Labels): void {
    const names = Object.keys(labels);
    // Neighbours have the same names.
    if (names.length === this.#last.length && names.every((name, i) => name === this.#last[i])) {
      return;
    }
    this.#last = names;
    for (const name of names) {
      if (this.#shown.has(name) || this.#said.has(name) || this.#said.size >= MOST_SAID) continue;
      this.#said.add(name);
      this.#context.emit({
        type: "warning",
        message: `${this.#sink}: the label ${JSON.stringify(name)} is in no column; series that differ in nothing else look alike.`,
      });
    }
  }
}

/** Names that a hostile input could make up without end. */
const MOST_SAID = 20;
