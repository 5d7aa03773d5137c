import { SampleSet } from "../packages/ingest/test/sample-set.ts";

interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/**
 * All that a database shows of some arrays: duplicates included, unless deduplication is on.
 */
export async function storedSamples(url: string, serials: Iterable<string>): Promise<SampleSet> {
  const stored = new SampleSet();
  await fetch(`${url}/internal/force_flush`);
  for (const serial of serials) {
    const parameters = new URLSearchParams({ "match[]": `{SN="${serial}"}`, start: "0" });
    const answer = await fetch(`${url}/api/v1/export?${parameters}`);
    for (const line of (await answer.text()).split("\n").filter(Boolean)) {
      const { metric, timestamps, values } = JSON.parse(line) as ExportedSeries;
      // A label without a value is no label to a database.
      stored.add({ Element: "", ...metric }, timestamps, values);
    }
  }
  return stored;
}
