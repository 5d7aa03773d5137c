import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eachSeries, sampleCount } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { datBytes } from "../../test/dat-bytes.ts";
import { expectedLabels, expectedValues } from "../../test/expected-samples.ts";
import { SampleSet, SamplesByOrigin } from "../../test/sample-set.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { ingest } from "../ingest.ts";
import { ID_TABLES } from "../oceanstor/id-tables.ts";
import { type OceanstorOptions, oceanstor } from "../oceanstor/oceanstor.ts";
import { collectReport, type IngestReport } from "../report/ingest-report.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import type { TruthSeries } from "../testing/truth.ts";
import { writeZip } from "../testing/write-archive.ts";

const inFolder = temporaryFolder();
const startMs = Date.UTC(2025, 9, 20);
const archive = generateArchive({
  profile: "tiny",
  filesPerController: 3,
  blocksPerFile: 2,
  overlappingControllers: true,
  unknownMetricIds: [99_001],
  sharedNameIds: true,
});
let path = "";
beforeAll(async () => {
  path = inFolder("selection.zip");
  await writeZip(archive, path);
});

interface Loaded {
  readonly report: IngestReport;
  readonly samples: SampleSet;
}

async function load(options: OceanstorOptions): Promise<Loaded> {
  const run = ingest(path, { parser: oceanstor(options) }).to(memorySink());
  const reporting = collectReport(run);
  const origins = new SamplesByOrigin();
  for (const batch of await run.result) origins.add(batch);
  const samples = new SampleSet();
  for (const origin of origins.origins) samples.addAll(origins.of(origin));
  return { report: await reporting, samples };
}

type Wants = (series: TruthSeries, timeMs: number, raw: number) => boolean;

/** What the archive holds of it, by the generator's word. */
function truth(wants: Wants): SampleSet {
  const set = new SampleSet();
  for (const file of archive.files()) {
    for (const series of file.truth()) {
      const values = expectedValues(series);
      const keep = [...values.keys()].filter((i) =>
        wants(series, series.timestampsMs[i] as number, series.rawValues[i] as number),
      );
      const times = keep.map((i) => series.timestampsMs[i] as number);
      const kept = keep.map((i) => values[i] as number);
      set.add(expectedLabels(series), times, kept);
    }
  }
  return set;
}

async function expectExactly(options: OceanstorOptions, wants: Wants): Promise<Loaded> {
  const whole = truth(() => true).size;
  const expected = truth(wants);
  const loaded = await load(options);
  const { samples, report } = loaded;
  expect(samples.lacks(expected)).toEqual([]);
  expect(expected.lacks(samples)).toEqual([]);
  expect(report.samples.parsed).toBe(expected.size);
  expect(report.samples.filtered).toBe(whole - expected.size);
  expect(report).toMatchObject({ complete: true, files: { ok: 6, counts: { partial: 0 } } });
  expect(report.arrays.reduce((sum, array) => sum + array.samples, 0)).toBe(expected.size);
  return loaded;
}

const resourceName = (id: number): string => ID_TABLES.resourceOf(id).name;

describe("a selection", () => {
  it.each<[string, OceanstorOptions, Wants]>([
    ["a resource", { resources: ["lun"] }, (s) => s.resourceId === 11],
    ["resources by pattern", { resources: ["*o*"] }, (s) => /o/i.test(resourceName(s.resourceId))],
    [
      "metrics by id and name",
      { metrics: [22, "Usage (%)"] },
      (s) => [18, 22, 66, 67].includes(s.metricId),
    ],
    ["metrics by series", { metrics: ["huawei_*iops*"] }, (s) => [22, 25, 28].includes(s.metricId)],
    ["metrics by clean name", { metrics: ["oceanstor_total_iops"] }, (s) => s.metricId === 22],
    ["an unknown metric", { metrics: ["99001"] }, (s) => s.metricId === 99_001],
    ["unknown metrics", { metrics: ["*unknown_metric_*"] }, (s) => s.metricId === 99_001],
    ["all but a metric", { excludeMetrics: ["*iops*"] }, (s) => ![22, 25, 28].includes(s.metricId)],
    ["elements", { elements: ["0?"] }, (s) => /^0.$/.test(s.element)],
    ["all but elements", { excludeElements: ["0*", "C*"] }, (s) => !/^[0C]/.test(s.element)],
    ["nothing", { elements: ["no such"] }, () => false],
    [
      "everything at once",
      {
        metrics: "default",
        resources: ["LUN", "Controller"],
        fromMs: startMs + 90_000,
        dropNotCollected: true,
      },
      (s, timeMs, raw) =>
        oceanstorDefault.has(s.metricId) &&
        [11, 207].includes(s.resourceId) &&
        timeMs >= startMs + 90_000 &&
        raw !== -1,
    ],
  ])("of %s leaves out the rest and counts it", async (_, options, wants) => {
    await expectExactly(options, wants);
  });

  it("leaves out what was not collected, cell by cell, and no row or file with it", async () => {
    const folder = inFolder("uncollected");
    await mkdir(folder);
    // Two LUNs with two metrics, three rows a file; each digit is a value, and - was not collected.
    const files = ["1-34 --7- 9abc", "---- ---- ----", "1111 -222 333-"];
    for (const [i, text] of files.entries()) {
      const cells = text.replaceAll(" ", "").split("");
      const values = cells.map((cell) => (cell === "-" ? -1 : Number.parseInt(cell, 16)));
      const bytes = datBytes([{ start: 1_760_918_400 + i * 180, values }]);
      await writeFile(
        join(folder, `PerfData_D_SN_2102355ABC_SP0_${i}_2025102000${i}500.dat`),
        bytes,
      );
    }
    const parser = oceanstor({ dropNotCollected: true });
    const run = ingest(folder, { parser }).to(memorySink());
    const reporting = collectReport(run);
    const series = new Map<string, (readonly [number, number])[]>();
    for (const batch of await run.result) {
      expect(sampleCount(batch)).toBe(batch.origins.reduce((sum, { count }) => sum + count, 0));
      for (const { labels, timesMs, values } of eachSeries(batch)) {
        const key = `${labels["Element"]} ${labels["__name__"]}`;
        const samples = Array.from(
          timesMs,
          (ms, i) => [(ms - 1_760_918_400_000) / 60_000, values[i] as number] as const,
        );
        series.set(key, [...(series.get(key) ?? []), ...samples]);
      }
    }
    expect(Object.fromEntries(series)).toEqual({
      "lun_a huawei_total_iops_io_s": [
        [0, 1],
        [2, 9],
        [6, 1],
        [8, 3],
      ],
      "lun_a huawei_usage_percent": [
        [2, 10],
        [6, 1],
        [7, 2],
        [8, 3],
      ],
      "lun_b huawei_total_iops_io_s": [
        [0, 3],
        [1, 7],
        [2, 11],
        [6, 1],
        [7, 2],
        [8, 3],
      ],
      "lun_b huawei_usage_percent": [
        [0, 4],
        [2, 12],
        [6, 1],
        [7, 2],
      ],
    });
    const { complete, samples, files: outcomes } = await reporting;
    expect(complete).toBe(true);
    expect(outcomes.ok).toBe(3);
    expect(samples).toMatchObject({ parsed: 18, accepted: 18, filtered: 18 });
  });

  it("cuts rows exactly, wherever the range begins and ends", async () => {
    const second = fc.integer({ min: -100, max: 46 * 60 });
    await fc.assert(
      fc.asyncProperty(second, second, async (a, b) => {
        const fromMs = startMs + Math.min(a, b) * 1000;
        const toMs = startMs + (Math.max(a, b) + 1) * 1000;
        await expectExactly({ fromMs, toMs }, (_, timeMs) => timeMs >= fromMs && timeMs < toMs);
      }),
      { numRuns: 12 },
    );
  });

  it("has room for a label of each controller, and each id", async () => {
    const { samples, report } = await load({ controllerLabel: true, metricIdLabel: true });
    const both = truth(() => true);
    expect(samples.size).toBe(both.size);
    expect(report.sharedNames).toEqual([]);
    // Now no series has two values at one time.
    expect(report.series).toBe(samples.series.size);
    expect(samples.series.size).toBeGreaterThan(2 * both.series.size);
    const [series = ""] = samples.series;
    expect(JSON.parse(series)).toMatchObject({ controller: "SP0", metric_id: expect.any(String) });
  });

  it("gives clean names and base units", async () => {
    const { samples } = await load({ naming: "clean", metrics: [22, 384, 99_001] });
    const names = [...samples.series].map((series) => JSON.parse(series).__name__);
    expect(new Set(names)).toEqual(
      new Set([
        "oceanstor_total_iops",
        "oceanstor_avg_read_io_response_time_384_seconds",
        "oceanstor_unknown_metric_99001",
      ]),
    );
    const seed = await load({ metrics: [384] });
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const batches = await ingest(path, {
      parser: oceanstor({ naming: "clean", metrics: [384] }),
    }).to(memorySink()).result;
    const divisors = batches.flatMap(({ table }) => [...(table.divisors ?? [])]);
    expect(new Set(divisors)).toEqual(new Set([1e6]));
    expect(seed.samples.size).toBe(sum(batches.map(({ values }) => values.length)));
  });

  it("names ids by tables of one's own", async () => {
    const idTables = { metrics: [{ id: 99_001, name: "Fan speed (%)", divisor: 4 }] };
    const { report, samples } = await load({ idTables, metrics: ["fan speed (%)"] });
    expect(report.unknown.metrics).toEqual([]);
    expect([...samples.series][0]).toContain("huawei_fan_speed_percent");
  });

  it.each<[OceanstorOptions, RegExp]>([
    [{ resources: ["LNU"] }, /resources: "LNU" is no name .* Did you mean "LUN"/],
    [{ metrics: ["total iop"] }, /metrics: "total iop" .* Did you mean .*Total IOPS/],
    [
      { metrics: ["zzzz*"] },
      /metrics: "zzzz\*" is no name of the id tables\. Give an id, a name as inspect shows it, or a pattern that fits one\.$/,
    ],
    [
      { excludeMetrics: ["Usge (%)"] },
      /excludeMetrics: "Usge \(%\)" .* Did you mean "Usage \(%\)"/,
    ],
    [{ resources: "LUN" as never }, /resources is "LUN"; give a list of names\./],
    [{ metrics: 22 as never }, /metrics is 22; give a list/],
    [{ metrics: [null as never] }, /metrics is \[null\]; give a list/],
    [{ excludeElements: [5 as never] }, /excludeElements is \[5\]; give a list/],
    [{ naming: "plain" as never }, /naming is plain; give "seed" or "clean"/],
    [{ fromMs: 5, toMs: 5 }, /fromMs is 5 and toMs 5; give two times/],
    [{ idTables: { metrics: [{ id: -1, name: "x" }] } }, /metrics\[0\] has the id -1/],
    [{ idTables: { metrics: [{ id: 1, name: "" }] } }, /metrics\[0\] has no name/],
    [{ idTables: { metrics: [{ id: 1, name: "x", divisor: 0 }] } }, /the divisor 0/],
    [{ idTables: { resurces: [] } as never }, /there is no table "resurces"/],
  ])("refuses %j", (options, message) => {
    expect(() => oceanstor(options)).toThrow(message);
  });
});

const oceanstorDefault = new Set([
  ...[18, 19, 67, 68, 69, 110, 120, 217, 218, 250, 5, 21, 22, 23, 25, 26, 28, 307, 311, 312, 313],
  ...[24, 27, 228, 78, 79, 369, 370, 371, 382, 383, 384, 385, 508, 509, 523, 524, 525, 80, 93, 95],
  ...[303, 333, 232, 233, 476, 511, 512, 1627, 1628, 1629, 1630, 1631, 1632, 462, 463, 1090],
  ...[90001, 90002, 90003, 90004],
]);
