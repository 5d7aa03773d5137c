import { readFileSync } from "node:fs";
import type { Labels } from "@millrace/core";
import type { GeneratedFile } from "../src/testing/generated-file.ts";
import type { TruthSeries } from "../src/testing/truth.ts";
import { SampleSet } from "./sample-set.ts";

// Read for themselves, so that a mistake in the code that uses them is not repeated here.
const seriesNames = readJson<Record<string, string>>("./fixtures/series-names.json");
const divisors = new Map(
  readJson<{ id: number; divisor?: number }[]>("../src/oceanstor/data/metrics.json").map(
    ({ id, divisor = 1 }) => [id, divisor],
  ),
);
const resourceNames = new Map(
  readJson<{ id: number; name: string }[]>("../src/oceanstor/data/resources.json").map(
    ({ id, name }) => [id, name],
  ),
);

/** What a file of a generated archive must deliver. */
export function expectedSamples(file: GeneratedFile): SampleSet {
  const samples = new SampleSet();
  for (const series of file.truth()) {
    samples.add(expectedLabels(series), series.timestampsMs, expectedValues(series));
  }
  return samples;
}

/** Labels of a series of the truth. */
export function expectedLabels(series: TruthSeries): Labels {
  const { metricId, resourceId, element, serial, intervalSeconds } = series;
  return {
    __name__: seriesNames[metricId] ?? `huawei_unknown_metric_${metricId}`,
    Element: element,
    Resource: resourceNames.get(resourceId) ?? `UNKNOWN_RESOURCE_${resourceId}`,
    SN: serial,
    scrape_interval: `${intervalSeconds}`,
  };
}

/** Values of a series of the truth, after division. */
export function expectedValues({ metricId, rawValues }: TruthSeries): readonly number[] {
  const divisor = divisors.get(metricId) ?? 1;
  return rawValues.map((raw) => raw / divisor);
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as T;
}
