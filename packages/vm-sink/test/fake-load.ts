/** Loads into a fake database, with bodies of the smallest size. */

import type { SeriesBatch } from "@millrace/core";
import { type TestContext, testContext } from "@millrace/core/testing";
import { type VictoriaMetricsOptions, victoriaMetrics } from "../src/victoria-metrics.ts";
import { plainBatch } from "./samples.ts";

const QUICK = { firstDelayMs: 1, maxDelayMs: 5 };

/** Batches of which a body of the smallest size holds one and not two. */
export function bodies(count: number): SeriesBatch[] {
  return Array.from({ length: count }, (_, i) => plainBatch(`series_${i}`, 210));
}

export async function loadInto(
  url: string,
  batches: readonly SeriesBatch[],
  options: Partial<VictoriaMetricsOptions> = {},
  context: TestContext = testContext(),
) {
  const sink = victoriaMetrics({
    url,
    batchSize: 1,
    retry: QUICK,
    durability: "none",
    ...options,
  });
  await using writer = await sink.open(context);
  for (const batch of batches) await writer.write(batch);
  const result = await writer.close();
  const warnings = context.events.flatMap((e) => (e.type === "warning" ? [e.message] : []));
  return { result, context, warnings };
}
