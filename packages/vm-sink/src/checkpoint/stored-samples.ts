import { randomUUID } from "node:crypto";
import type { Labels } from "@millrace/core";
import type { Client } from "../wire/client.ts";
import { exportedSeries } from "../wire/exported-series.ts";
import { makeVisible } from "../wire/make-visible.ts";
import { SampleBag } from "./sample-bag.ts";

/** Series asked for at once: each is looked up by itself, and the answer is read line by line. */
const SERIES_A_QUESTION = 256;

/**
 * Every sample that a database holds of some series between two times (inclusive), duplicates included.
 *
 * What was just written is made visible first (`/internal/force_flush`).
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected
 */
export async function storedSamples(
  client: Client,
  series: readonly Labels[],
  firstMs: number,
  lastMs: number,
): Promise<SampleBag> {
  await makeVisible(client);
  const bag = new SampleBag();
  for (let from = 0; from < series.length; from += SERIES_A_QUESTION) {
    // The database remembers for some seconds which series a selector matches and would not see new
    // ones; so no two questions are alike.
    const unique = randomUUID();
    const selectors = series
      .slice(from, from + SERIES_A_QUESTION)
      .map((labels) => selectorOf(labels, unique));
    for await (const found of exportedSeries(client, {
      selectors,
      fromMs: firstMs,
      toMs: lastMs,
    })) {
      bag.addAll(found.metric, found.timestamps, found.values);
    }
  }
  return bag;
}

/** Matches the series, and also those with further labels: the bag tells them apart. */
function selectorOf(labels: Labels, unique: string): string {
  const parts = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${labelName(name)}=${JSON.stringify(value.toWellFormed())}`);
  return `{${[...parts, `millrace_question!="${unique}"`].join(",")}}`;
}

/** MetricsQL takes any character in a name after a backslash. */
function labelName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_:]/gu, "\\$&").replace(/^\d/, "\\$&");
}
