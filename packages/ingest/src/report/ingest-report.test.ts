import { writeFile } from "node:fs/promises";
import { MillraceError, type SeriesBatch, type Sink } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type IngestOptions, ingest } from "../ingest.ts";
import { oceanstor } from "../oceanstor/oceanstor.ts";
import type { ArchiveSpec } from "../testing/archive-spec.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import { writeZip } from "../testing/write-archive.ts";
import { collectReport } from "./ingest-report.ts";

const inFolder = temporaryFolder();
const tiny: ArchiveSpec = { profile: "tiny", filesPerController: 3 };
let written = 0;

async function zipOf(spec: ArchiveSpec): Promise<string> {
  const path = inFolder(`${written++}.zip`);
  await writeZip(generateArchive(spec), path);
  return path;
}

async function load(
  inputs: string | readonly string[],
  sink: Sink<SeriesBatch, unknown> = memorySink<SeriesBatch>(),
  options: IngestOptions = {},
  rejected?: number,
) {
  const run = ingest(inputs, options).to(sink);
  return await collectReport(run, rejected === undefined ? {} : { rejected: () => rejected });
}

/** A memory sink that fails at its n-th write. */
function failingSink(at: number): Sink<SeriesBatch, unknown> {
  const sink = memorySink<SeriesBatch>();
  return {
    ...sink,
    async open(context) {
      const writer = await sink.open(context);
      let writes = 0;
      return {
        ...writer,
        async write(item) {
          writes += 1;
          if (writes === at) throw new MillraceError("SINK_REJECTED", "The disk is full.");
          await writer.write(item);
        },
      };
    },
  };
}

describe("collectReport", () => {
  it("says that a load is complete, and what was in it", async () => {
    const startMs = Date.UTC(2025, 9, 20);
    const path = await zipOf({
      ...tiny,
      startMs,
      unknownMetricIds: [777_001],
      sharedNameIds: true,
    });
    const { samples, series } = generateArchive({
      ...tiny,
      unknownMetricIds: [777_001],
      sharedNameIds: true,
    }).totals;
    const report = await load(path, memorySink<SeriesBatch>({ durable: true }));
    expect(report).toEqual({
      complete: true,
      files: {
        total: 6,
        ok: 6,
        partial: [],
        failed: [],
        skipped: [],
        counts: { partial: 0, failed: 0, skipped: 0 },
      },
      samples: { parsed: samples, accepted: samples, durable: samples, filtered: 0, rejected: 0 },
      // The two ids of one name make one series of two columns.
      series: series - 2,
      unknown: { metrics: [777_001], resources: [] },
      sharedNames: [
        { series: "huawei_usage_percent", resource: "Controller", metricIds: [18, 67] },
      ],
      warnings: [],
      bytes: expect.any(Number),
      elapsedMs: expect.any(Number),
      arrays: [
        {
          serial: "2102355THQFSQ2100014",
          model: "OceanStor_Dorado_3000_V6",
          controllers: ["SP0", "SP1"],
          timeRangeMs: [startMs, startMs + 44 * 60_000],
          intervalSeconds: 60,
          intervals: [60],
          samples,
          series: series - 2,
        },
      ],
    });
  });

  it("lists every file that did not go through whole", async () => {
    const path = await zipOf({
      ...tiny,
      faults: [
        { kind: "truncated-last-block" },
        { kind: "corrupt-gzip" },
        { kind: "duplicate-copy" },
        { kind: "macosx" },
        { kind: "empty-dat" },
      ],
    });
    const report = await load(path);
    const kinds = ({ partial, failed, skipped }: typeof report.files) =>
      [partial, failed, skipped].map((notes) => notes.map(({ problems }) => problems.join()));
    expect(report.complete).toBe(false);
    expect(report.files).toMatchObject({ total: 8, ok: 3 });
    expect(kinds(report.files)).toEqual([
      [expect.stringContaining("ends after 7 of 15 rows")],
      [expect.stringContaining("empty"), expect.stringContaining("no intact gzip")],
      [expect.stringContaining("Finder"), expect.stringContaining("equal copy")],
    ]);
    for (const { file } of report.files.failed) expect(file).toMatch(/\.zip!2025-10-20\/PerfData_/);
  });

  it("calls copies, foreign files and an input given twice no damage", async () => {
    const path = await zipOf({ ...tiny, faults: [{ kind: "duplicate-copy" }, { kind: "macosx" }] });
    const report = await load([path, path]);
    expect(report).toMatchObject({ complete: true, files: { total: 9, ok: 6, failed: [] } });
    expect(report.files.skipped).toHaveLength(3);
    expect(report.files.skipped.at(-1)).toEqual({
      file: `${path} (2)`,
      problems: ["Given twice; it is read once."],
    });
  });

  it("names what the sink had not accepted when it failed", async () => {
    const path = await zipOf(tiny);
    // Ten of 36 series a batch; the three files of the first controller are joined before the first.
    const report = await load(path, failingSink(2), { join: { batchBytes: 10 * 45 * 4 } });
    expect(report).toMatchObject({ complete: false, error: "The disk is full." });
    expect(report.samples).toMatchObject({ parsed: 3 * 15 * 36, accepted: 45 * 10 });
    expect(report.files).toMatchObject({ total: 6, ok: 0 });
    const problems = ["Read, but not (wholly) accepted by the sink."];
    expect(report.files.failed).toEqual(
      Array.from({ length: 3 }, () => ({ file: expect.stringContaining("_SP0_"), problems })),
    );
    // Each file a batch of its own: the first two went through.
    const third = await load(path, failingSink(3), { join: { rows: 15 } });
    expect(third.files).toMatchObject({ total: 6, ok: 2 });
    expect(third.samples.accepted).toBe(2 * 15 * 36);
  });

  it("says why a run ended early", async () => {
    expect(await load(inFolder("none.zip"))).toMatchObject({
      complete: false,
      error: expect.stringContaining("none.zip does not exist"),
      files: { total: 0, ok: 0 },
      arrays: [],
    });
    const run = ingest(await zipOf(tiny)).to(memorySink<SeriesBatch>());
    const report = collectReport(run);
    run.abort(new Error("enough"));
    expect(await report).toMatchObject({ complete: false, error: "enough" });
  });

  it("takes off what was rejected later", async () => {
    const report = await load(await zipOf(tiny), undefined, {}, 10);
    const { parsed } = report.samples;
    expect(report).toMatchObject({
      complete: false,
      samples: { accepted: parsed - 10, rejected: 10 },
    });
  });

  it("counts a broken input among the files", async () => {
    await writeFile(inFolder("broken.zip"), "no zip");
    const report = await load([inFolder("broken.zip"), await zipOf(tiny)]);
    expect(report).toMatchObject({ complete: false, files: { total: 7, ok: 6 } });
    expect(report.files.failed).toHaveLength(1);
  });

  it("counts what a filter left out and speaks only of the rest", async () => {
    const path = await zipOf({ ...tiny, unknownMetricIds: [777_001], sharedNameIds: true });
    const parser = oceanstor({ metrics: [22] });
    const report = await load(path, undefined, { parser });
    expect(report).toMatchObject({
      complete: true,
      series: 5,
      unknown: { metrics: [], resources: [] },
      sharedNames: [],
      samples: { parsed: 5 * 45, accepted: 5 * 45 },
    });
    expect(report.samples.filtered).toBeGreaterThan(1_000);
  });

  it("is whole for a flow that is run a second time", async () => {
    const flow = ingest(await zipOf(tiny));
    const reports = [];
    for (let i = 0; i < 2; i++) {
      const report = await collectReport(flow.to(memorySink<SeriesBatch>()));
      reports.push({ ...report, elapsedMs: 0 });
    }
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[1]?.series).toBe(55);
  });

  it("tells several intervals of an array apart", async () => {
    const later = Date.UTC(2025, 9, 21);
    const paths = [
      await zipOf({ ...tiny, intervalSeconds: 300 }),
      await zipOf({ ...tiny, intervalSeconds: 60, startMs: later }),
    ];
    const report = await load(paths);
    expect(report).toMatchObject({ series: 110, complete: true });
    expect(report.arrays).toMatchObject([{ intervals: [60, 300], intervalSeconds: 60 }]);
  });
});
