import { type SeriesBatch, type Sink, seriesBatch } from "@millrace/core";
import { describeSink, testContext } from "@millrace/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binary, exported, missing, realTitle } from "../test/real-database.ts";
import { START_MS } from "../test/samples.ts";
import { createLoadCheck } from "./load-check.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

const DAY_MS = 86_400_000;
/** Samples of each series a day. */
const COUNT = 24;
/** Names that a regular expression would read otherwise than they are written. */
const NAMES = ["reads", "a.b|c", "c*(d)+[e]", "back\\slash"];
let server: VictoriaMetricsServer;

/** A day of two arrays with a few metrics each. */
function dayOf(run: string, day: number, serials: readonly string[] = ["A", "B"]): SeriesBatch {
  const labels = serials.flatMap((serial) =>
    NAMES.map((__name__) => ({ __name__, SN: `${run}-${serial}` })),
  );
  return seriesBatch({
    table: { id: `${run} ${serials}`, labels },
    firstSeries: 0,
    seriesCount: labels.length,
    grid: { startMs: START_MS + day * DAY_MS, stepMs: DAY_MS / COUNT, count: COUNT },
    values: Int32Array.from({ length: labels.length * COUNT }, (_, i) => i),
    origins: [],
  });
}

const days = (run: string, count: number): SeriesBatch[] =>
  Array.from({ length: count }, (_, day) => dayOf(run, day));

/** Says yes to everything, and loses the items at these places. */
function losing<R>(sink: Sink<SeriesBatch, R>, places: readonly number[]): Sink<SeriesBatch, R> {
  return {
    ...sink,
    async open(context) {
      const writer = await sink.open(context);
      let place = 0;
      return {
        ...writer,
        async write(batch) {
          if (!places.includes(place++)) await writer.write(batch);
        },
      };
    },
  };
}

async function load(
  batches: readonly SeriesBatch[],
  {
    url = server.url,
    lost = [],
  }: { readonly url?: string; readonly lost?: readonly number[] } = {},
) {
  const check = createLoadCheck({ url, by: "SN" });
  const sink = check.around(losing(victoriaMetrics({ url, durability: "none" }), lost));
  await using writer = await sink.open(testContext());
  for (const batch of batches) await writer.write(batch);
  await writer.close();
  return await check.compare();
}

describe.skipIf(missing !== undefined)(realTitle("createLoadCheck on a real database"), () => {
  beforeAll(async () => {
    server = await startVictoriaMetrics(binary);
  });
  afterAll(async () => {
    await server?.stop();
  });

  const perDay = NAMES.length * COUNT;
  const part = (value: string, numbers: Record<string, number>, verdict: string) => ({
    value,
    sent: 3 * perDay,
    before: 0,
    found: 3 * perDay,
    missing: 0,
    extra: 0,
    ...numbers,
    verdict,
  });

  it("finds everything, in an empty database and in one that holds the same already", async () => {
    expect(await load(days("whole", 3))).toEqual([
      part("whole-A", {}, "complete"),
      part("whole-B", {}, "complete"),
    ]);
    const twice = { before: 3 * perDay, found: 6 * perDay };
    expect(await load(days("whole", 3))).toEqual([
      part("whole-A", twice, "complete"),
      part("whole-B", twice, "complete"),
    ]);
  });

  it("says what is missing, part by part, and is not fooled by what was there before", async () => {
    const lossy = [...days("lossy", 2), dayOf("lossy", 2, ["A"]), dayOf("lossy", 2, ["B"])];
    expect(await load(lossy, { lost: [2] })).toEqual([
      part("lossy-A", { found: 2 * perDay, missing: perDay }, "missing"),
      part("lossy-B", {}, "complete"),
    ]);
    const [a, b] = await load(lossy, { lost: [3] });
    expect(a).toMatchObject({ before: 2 * perDay, found: 5 * perDay, verdict: "complete" });
    expect(b).toMatchObject({
      before: 3 * perDay,
      found: 5 * perDay,
      missing: perDay,
      verdict: "inconclusive",
    });
  });

  it("does not count days, metrics and arrays that the load has nothing of", async () => {
    await load([...days("mine", 6), dayOf("other", 1)]);
    const other = seriesBatch({
      ...dayOf("mine", 1),
      table: { id: "other", labels: [{ __name__: "foreign", SN: "mine-A" }] },
      seriesCount: 1,
      values: new Int32Array(COUNT),
    });
    await load([other]);
    expect(await load([dayOf("mine", 1, ["A"])])).toEqual([
      part("mine-A", { sent: perDay, before: perDay, found: 2 * perDay }, "complete"),
    ]);
  });

  it("counts what a clock at 1970 left", async () => {
    const broken = {
      ...dayOf("broken", 0, ["A"]),
      grid: { startMs: 0, stepMs: 60_000, count: COUNT },
    };
    expect(await load([broken, dayOf("broken", 1, ["A"])])).toEqual([
      part("broken-A", { sent: 2 * perDay, found: 2 * perDay }, "complete"),
    ]);
  });

  it("counts with the labels that the address adds", async () => {
    const [a] = await load(days("labelled", 1), { url: `${server.url}/?extra_label=site=K` });
    expect(a).toMatchObject({ sent: perDay, found: perDay, verdict: "complete" });
    expect(await exported(server.url, '{site="K",SN="labelled-A"}')).toHaveLength(perDay);
  });

  it("counts in parts where the database takes few series at once", async () => {
    await using limited = await startVictoriaMetrics({
      ...binary,
      flags: ["-search.maxUniqueTimeseries=1"],
    });
    const parts = await load(days("limited", 2), { url: limited.url });
    expect(parts.map(({ verdict, found }) => [verdict, found])).toEqual([
      ["complete", 2 * perDay],
      ["complete", 2 * perDay],
    ]);
  });

  it("takes doubles that the database removes for what they are", async () => {
    await using unique = await startVictoriaMetrics({
      ...binary,
      flags: ["-dedup.minScrapeInterval=1ms"],
    });
    const { url } = unique;
    expect((await load(days("unique", 1), { url }))[0]).toMatchObject({ verdict: "complete" });
    expect((await load(days("unique", 1), { url }))[0]).toMatchObject({
      before: perDay,
      found: perDay,
      missing: 0,
      verdict: "complete",
    });
  });

  it("sees a value that is another, and a request that was stored twice", async () => {
    const [day] = days("changed", 1) as [SeriesBatch];
    const values = Int32Array.from(day.values).with(5, -1);
    const changing = (sink: Sink<SeriesBatch, unknown>): Sink<SeriesBatch, unknown> => ({
      ...sink,
      async open(context) {
        const writer = await sink.open(context);
        return { ...writer, write: (batch) => writer.write({ ...batch, values }) };
      },
    });
    const check = createLoadCheck({ url: server.url, by: "SN" });
    await using writer = await check
      .around(changing(victoriaMetrics({ url: server.url })))
      .open(testContext());
    await writer.write(day);
    await writer.close();
    expect((await check.compare()).map(({ verdict }) => verdict)).toEqual([
      "different",
      "complete",
    ]);
    const doubled = createLoadCheck({ url: server.url, by: "SN" });
    const twice = dayOf("twice", 0, ["A"]);
    await using second = await doubled
      .around(victoriaMetrics({ url: server.url }))
      .open(testContext());
    await second.write(twice);
    await second.close();
    await using again = await victoriaMetrics({ url: server.url }).open(testContext());
    await again.write(twice);
    await again.close();
    expect(await doubled.compare()).toMatchObject([{ verdict: "excess", extra: perDay }]);
  });

  it("refuses to count where the database thins samples out", async () => {
    await using thin = await startVictoriaMetrics({
      ...binary,
      flags: ["-dedup.minScrapeInterval=2h"],
    });
    await expect(load(days("thin", 1), { url: thin.url })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("keeps one sample of a series in 2h"),
    });
  });

  let targets = 0;
  const items = Array.from({ length: 4 }, (_, day) => dayOf("sink", day));
  const inTarget = (target: number) => items.map((item) => inRun(item, target));
  const inRun = (item: SeriesBatch, target: number): SeriesBatch => {
    const labels = item.table.labels.map((pairs) => ({ ...pairs, target: `t${target}` }));
    return { ...item, table: { ...item.table, labels } };
  };
  describeSink<SeriesBatch>("a checked victoriaMetrics", {
    create() {
      targets += 1;
      const target = targets;
      const { url } = server;
      const sink = createLoadCheck({ url, by: "SN" }).around(victoriaMetrics({ url }));
      return {
        ...sink,
        async open(context) {
          const writer = await sink.open(context);
          return { ...writer, write: (item) => writer.write(inRun(item, target)) };
        },
      };
    },
    items,
    async read() {
      const held = await exported(server.url, `{target="t${targets}"}`);
      return Math.floor(held.length / (2 * perDay));
    },
    settleMs: 10_000,
  });
  it("has items of one size", () => {
    expect(inTarget(1).every(({ values }) => values.length === 2 * perDay)).toBe(true);
  });
});
