import { SampleSet } from "../packages/ingest/test/sample-set.ts";

interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/**
 * All that a database holds of some arrays, duplicates included; with deduplication on, what it shows of
 * them.
 */
export async function storedSamples(
  url: string,
  serials: Iterable<string>,
  deduplicates = false,
): Promise<SampleSet> {
  const stored = new SampleSet();
  await fetch(`${url}/internal/force_flush`);
  for (const serial of serials) {
    const parameters = new URLSearchParams({
      "match[]": `{SN="${serial}"}`,
      start: "0",
      // It also makes the database show what deduplication has yet to remove.
      ...(deduplicates ? {} : { reduce_mem_usage: "1" }),
    });
    const answer = await fetch(`${url}/api/v1/export?${parameters}`);
    for (const line of (await answer.text()).split("\n").filter(Boolean)) {
      const { metric, timestamps, values } = JSON.parse(line) as ExportedSeries;
      // A label without a value is no label to a database.
      stored.add({ Element: "", ...metric }, timestamps, values);
    }
  }
  return stored;
}
