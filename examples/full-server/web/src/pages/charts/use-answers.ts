import { api } from "../../api/client.ts";
import type { StorageArray } from "../../api/types.ts";
import { type Loaded, useLoaded } from "../../parts/use-loaded.ts";
import type { Catalog } from "./catalog.ts";
import { type ChartQuery, chartAddress } from "./chart-address.ts";
import type { AnsweredQuery } from "./chart-lines.ts";
import type { WindowMs } from "./time-window.ts";

/** Keys that are held down ask once at their end. */
const SETTLE_MS = 120;
const POINTS = { least: 300, most: 1_500 };

interface Inputs {
  readonly array: StorageArray;
  readonly catalog: Catalog;
  readonly queries: readonly ChartQuery[];
  readonly windowMs: WindowMs;
}

/** The lines of all queries in a window; about one point for each pixel of its width. */
export function useAnswers(inputs: Inputs): Loaded<readonly AnsweredQuery[]> {
  const { array, catalog, queries, windowMs } = inputs;
  return useLoaded(
    async (signal) => {
      await settled(signal);
      return await Promise.all(queries.map((query) => answerOf(query, inputs, signal)));
    },
    [catalog, chartAddress({ array: array.serial, queries, windowMs })],
  );
}

async function answerOf(
  query: ChartQuery,
  { array, catalog, windowMs }: Inputs,
  signal: AbortSignal,
): Promise<AnsweredQuery> {
  const points = Math.min(POINTS.most, Math.max(POINTS.least, innerWidth - 100));
  const [fromMs, toMs] = windowMs;
  const [answer, metrics] = await Promise.all([
    api.series(array.serial, { ...query, fromMs, toMs, points }, { signal }),
    catalog.metrics(query.resource, query.elements),
  ]);
  const { metric: name } = query;
  const metric = metrics.find((one) => one.name === name) ?? { name, title: name, unit: null };
  return { query, metric, answer };
}

async function settled(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  signal.throwIfAborted();
}
