import type { SeriesSamples } from "@millrace/core";

/** Reads lines that {@link prometheusText} wrote, back into series: for the rare body that was refused. */
export function readPrometheusText(text: string): readonly SeriesSamples[] {
  const series = new Map<string, { timesMs: number[]; values: number[] }>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const timeAt = line.lastIndexOf(" ");
    const valueAt = line.lastIndexOf(" ", timeAt - 1);
    const prefix = line.slice(0, valueAt);
    let samples = series.get(prefix);
    if (samples === undefined) {
      samples = { timesMs: [], values: [] };
      series.set(prefix, samples);
    }
    samples.timesMs.push(Number(line.slice(timeAt + 1)));
    samples.values.push(Number(line.slice(valueAt + 1, timeAt)));
  }
  return Array.from(series, ([prefix, { timesMs, values }]) => ({
    labels: labelsOf(prefix),
    timesMs: Float64Array.from(timesMs),
    values: Float64Array.from(values),
  }));
}

const PAIR = /([^=,{]+)="((?:[^"\\]|\\.)*)",?/gs;

function labelsOf(prefix: string): Record<string, string> {
  const brace = prefix.indexOf("{");
  const labels: Record<string, string> = {};
  if (brace > 0) labels["__name__"] = prefix.slice(0, brace);
  for (const [, name = "", value = ""] of prefix.slice(brace + 1, -1).matchAll(PAIR)) {
    labels[name] = value.replace(/\\(.)/g, (_all, char) => (char === "n" ? "\n" : char));
  }
  return labels;
}
