import { api } from "../../api/client.ts";
import type { Metric } from "../../api/types.ts";
import type { ChartQuery } from "./chart-address.ts";

/** What an array has samples of; each question is asked once. */
export interface Catalog {
  resources(): Promise<readonly string[]>;
  elements(resource: string): Promise<readonly string[]>;
  metrics(resource: string, elements: readonly string[]): Promise<readonly Metric[]>;
}

/** Makes the catalog of one array. */
export function createCatalog(serial: string): Catalog {
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(key: readonly unknown[], ask: () => Promise<T>): Promise<T> => {
    const text = JSON.stringify(key);
    const known = answers.get(text) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = ask();
    answers.set(text, answer);
    // A failure is not kept: the next one who asks tries again.
    answer.catch(() => answers.delete(text));
    return answer;
  };
  return {
    resources: () => once(["resources"], async () => (await api.resources(serial)).resources),
    elements: (resource) =>
      once(["elements", resource], async () => (await api.elements(serial, resource)).elements),
    metrics: (resource, elements) =>
      once(
        ["metrics", resource, elements],
        async () => (await api.metrics(serial, resource, elements)).metrics,
      ),
  };
}

const RESOURCES = [/^lun$/i, /^controller$/i, /pool/i, /disk/i, /host/i, /port/i];
const METRICS = [/^total iops/i, /iops/i, /bandwidth/i, /usage/i];

/** The first chart of an array: the most telling metric of the most telling resource that it has. */
export async function firstQuery(catalog: Catalog): Promise<ChartQuery | undefined> {
  const resource = preferred(await catalog.resources(), RESOURCES, (name) => name);
  return resource === undefined ? undefined : await queryOf(catalog, resource);
}

/** A query on a resource: with `wish` if it has that, else with its most telling metric. */
export async function queryOf(
  catalog: Catalog,
  resource: string,
  wish?: string,
): Promise<ChartQuery | undefined> {
  const metrics = await catalog.metrics(resource, []);
  const same = metrics.find(({ name }) => name === wish);
  const metric = same ?? preferred(metrics, METRICS, ({ title }) => title);
  return metric && { resource, metric: metric.name, elements: [] };
}

/** One more query beside others: the same resource and elements, a metric that is not shown yet. */
export async function nextQuery(
  catalog: Catalog,
  queries: readonly ChartQuery[],
): Promise<ChartQuery | undefined> {
  const last = queries.at(-1);
  if (last === undefined) return await firstQuery(catalog);
  const metrics = await catalog.metrics(last.resource, last.elements);
  const used = new Set(queries.map(({ metric }) => metric));
  const left = metrics.filter(({ name }) => !used.has(name));
  const latency = /response time|latency/i;
  const metric = preferred(left, [latency, ...METRICS], ({ title }) => title) ?? metrics[0];
  return metric && { ...last, metric: metric.name };
}

function preferred<T>(
  all: readonly T[],
  wishes: readonly RegExp[],
  textOf: (one: T) => string,
): T | undefined {
  for (const wish of wishes) {
    const found = all.find((one) => wish.test(textOf(one)));
    if (found !== undefined) return found;
  }
  return all[0];
}
