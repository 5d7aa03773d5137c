import type { GeneratedArchive } from "@millrace/ingest/testing";
import { expectedSamples } from "../packages/ingest/test/expected-samples.ts";
import { SampleSet } from "../packages/ingest/test/sample-set.ts";
import { storedSamples } from "./stored-samples.ts";

/** What is read of the command's report. */
export interface FireReport {
  readonly complete: boolean;
  /** Why the load broke off, where it did. */
  readonly error?: string;
  readonly verified?: readonly {
    readonly serial: string;
    readonly sent: number;
    readonly found: number;
    readonly verdict: string;
  }[];
}

/** How a load ended, as it says itself. */
export interface FireEnd {
  readonly code: number | null;
  readonly said: string;
  readonly report: FireReport | undefined;
}

/** What the database holds, held against the archive and against the command's own word. */
export interface Verdict {
  /** Samples of the archive. */
  readonly samples: number;
  /** Samples that lie in the database beyond the archive's, and were reported. */
  readonly surplus: number;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

/**
 * A load ends as the exact multiset and 0, or with another code and a report that says of each array how
 * many samples were sent and how many are there.
 *
 * @param mayBreakOff - it may also end with a failure of which nobody knows what it left, but never with
 *   anything twice
 */
export async function judge(
  url: string,
  archive: GeneratedArchive,
  { code, said, report }: FireEnd,
  mayBreakOff: boolean,
): Promise<Verdict> {
  const differences: string[] = [];
  const expected = new SampleSet();
  for (const file of archive.files()) expected.addAll(expectedSamples(file));
  const serials = (archive.spec.arrays ?? []).map(({ serial }) => serial);
  const stored = await storedSamples(url, serials);
  const lost = stored.lacks(expected).map((sample) => `not in the database: ${sample}`);
  const alien = expected.lacks(stored).map((sample) => `only in the database: ${sample}`);
  const verdict = (surplus = 0): Verdict => ({ samples: expected.size, surplus, differences });

  const brokeOff = report === undefined || report.error !== undefined;
  if (code === 0 || (brokeOff && !mayBreakOff)) {
    differences.push(...lost, ...alien);
    if (code !== 0) differences.push(`the command ended with ${code}: ${said}`);
    else if (report?.complete !== true) differences.push("0, and the report is not complete");
    return verdict();
  }
  if (brokeOff) {
    differences.push(...alien);
    if (code === null) differences.push(`the command was ended by a signal: ${said}`);
    return verdict();
  }
  if (report.complete) differences.push(`${code}, and the report is complete`);
  if (lost.length + alien.length === 0) {
    differences.push(`the command ended with ${code} although all is exact: ${said}`);
    return verdict();
  }
  // Loads have one array, so its figures are those of the whole database.
  const [array] = report.verified ?? [];
  const reported = JSON.stringify(report.verified);
  const isNamed =
    array !== undefined &&
    array.serial === serials[0] &&
    array.sent === expected.size &&
    array.found === stored.size &&
    array.verdict !== "complete" &&
    said.includes(array.serial);
  if (!isNamed) {
    const truth = `${stored.size} samples of ${expected.size}`;
    differences.push(`the report says ${reported} of ${truth}`, ...lost, ...alien);
  }
  // Nothing but the network's doubles may make a load inexact.
  else if (lost.length > 0) differences.push(...lost);
  return verdict(stored.size - expected.size);
}
