import { seriesKey } from "../checkpoint/series-keys.ts";
import type { Client } from "../wire/client.ts";
import { exportedSeries } from "../wire/exported-series.ts";
import { isTooMuch } from "./count-series.ts";
import { type Question, selectorOf } from "./count-window.ts";
import { SampleChecksum } from "./sample-checksum.ts";

/**
 * The checksum of every sample of a question, duplicates included, as the database exports it, line by
 * line; in parts, by name, where it refuses so many series at once.
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function exportChecksum(client: Client, question: Question): Promise<SampleChecksum> {
  try {
    return await exportOnce(client, question);
  } catch (error) {
    const { names = [] } = question;
    if (names.length < 2 || !isTooMuch(error)) throw error;
    const middle = names.length >> 1;
    const [first, second] = [names.slice(0, middle), names.slice(middle)];
    const sum = await exportChecksum(client, { ...question, names: first });
    sum.addAll(await exportChecksum(client, { ...question, names: second }));
    return sum;
  }
}

async function exportOnce(client: Client, question: Question): Promise<SampleChecksum> {
  const { fromMs, toMs } = question;
  const selectors = [selectorOf(question)];
  const sum = new SampleChecksum();
  for await (const found of exportedSeries(client, { selectors, fromMs, toMs })) {
    const key = seriesKey(found.metric);
    for (let i = 0; i < found.timestamps.length; i++) {
      sum.add(key, found.timestamps[i] as number, found.values[i] as number);
    }
  }
  return sum;
}
