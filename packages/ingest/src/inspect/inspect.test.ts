import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import type { SeriesBatch } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { datBytes } from "../../test/dat-bytes.ts";
import { tarBytes } from "../../test/tar-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { zipBytes } from "../../test/zip-bytes.ts";
import { ingest } from "../ingest.ts";
import { collectReport } from "../report/ingest-report.ts";
import type { ArchiveSpec } from "../testing/archive-spec.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import type { ArchiveProfile } from "../testing/profiles.ts";
import { writeFolder, writeZip } from "../testing/write-archive.ts";
import { inspect } from "./inspect.ts";

const inFolder = temporaryFolder();
let written = 0;

async function zipOf(spec: ArchiveSpec): Promise<string> {
  const path = inFolder(`${written++}.zip`);
  await writeZip(generateArchive(spec), path);
  return path;
}

/** What loading the same inputs finds. */
async function loaded(inputs: readonly string[]) {
  const run = ingest(inputs).to(memorySink<SeriesBatch>());
  const reporting = collectReport(run);
  await run.result;
  return await reporting;
}

const tiny: ArchiveSpec = { profile: "tiny", filesPerController: 4 };

describe("inspect", { timeout: 60_000 }, () => {
  it.each<[string, ArchiveSpec]>([
    ["one array", {}],
    [
      "two arrays",
      {
        arrays: [
          { serial: "A1", controllers: 3 },
          { serial: "B2", model: "Other" },
        ],
      },
    ],
    ["overlapping controllers", { overlappingControllers: true, intervalSeconds: 5 }],
    [
      "unknown ids and shared names",
      { unknownMetricIds: [777_001, 4], unknownResourceIds: [888], sharedNameIds: true },
    ],
    [
      "odd files",
      { faults: [{ kind: "reordered-keys" }, { kind: "slip-name" }, { kind: "quoted-scalars" }] },
    ],
    [
      "damaged heads",
      { faults: [{ kind: "corrupt-map" }, { kind: "length-7" }, { kind: "empty-tgz" }] },
    ],
    [
      "copies and junk",
      { faults: [{ kind: "duplicate-copy" }, { kind: "macosx" }, { kind: "fake-tgz" }] },
    ],
    ["a gap", { faults: [{ kind: "short-dat", file: 2 }] }],
    ["another element on the way", { faults: [{ kind: "long-names", file: 3 }] }],
  ])("finds of %s what loading finds", async (_, changes) => {
    const path = await zipOf({ ...tiny, ...changes });
    const inspection = await inspect(path);
    const report = await loaded([path]);
    expect(inspection.estimated).toBe(false);
    expect(
      inspection.arrays.map((array) => ({
        serial: array.serial,
        model: array.model,
        controllers: array.controllers,
        intervals: array.intervals,
        firstMs: array.timeRangeMs[0],
        lastMs: array.timeRangeMs[1],
        series: array.series,
        samples: array.samples,
      })),
    ).toEqual(
      report.arrays.map((array) => ({
        serial: array.serial,
        model: array.model,
        controllers: array.controllers,
        intervals: array.intervals,
        firstMs: array.timeRangeMs[0],
        lastMs: array.timeRangeMs[1],
        series: array.series,
        samples: array.samples,
      })),
    );
    const all = (pick: (array: (typeof inspection.arrays)[number]) => readonly unknown[]) =>
      inspection.arrays.flatMap(pick);
    expect(all((array) => array.unknownMetrics)).toEqual(report.unknown.metrics);
    expect(all((array) => array.unknownResources)).toEqual(report.unknown.resources);
    expect(all((array) => array.sharedNames)).toEqual(report.sharedNames);
    expect(inspection.files.failed.map(({ file }) => file)).toEqual(
      report.files.failed.map(({ file }) => file),
    );
    expect(inspection.bytes).toBe(report.bytes);
  });

  it("finds the gaps of each controller", async () => {
    const startMs = Date.UTC(2025, 9, 20);
    const quarter = 900_000;
    const path = await zipOf({
      ...tiny,
      startMs,
      filesPerController: 6,
      faults: [2, 4, 9].map((file) => ({ kind: "short-dat", file })),
    });
    const [array] = (await inspect(path)).arrays;
    expect(array?.gaps).toEqual([
      { controller: "SP0", fromMs: startMs + quarter, toMs: startMs + 3 * quarter },
      { controller: "SP1", fromMs: startMs + 4 * quarter, toMs: startMs + 5 * quarter },
    ]);
    expect(array?.timeRangeMs).toEqual([startMs, startMs + 6 * quarter - 60_000]);
  });

  it("lists resources with their elements and metrics", async () => {
    const [array] = (await inspect(await zipOf(tiny))).arrays;
    expect(array?.resources).toContainEqual({ name: "LUN", elements: 3, metrics: 11 });
    expect(array?.resources).toHaveLength(5);
  });

  it("reads a sample of many files, the first and the last among them", async () => {
    const startMs = Date.UTC(2025, 9, 20);
    const arrays = [{ serial: "A1", controllers: 1 }];
    const path = await zipOf({ ...tiny, startMs, arrays, filesPerController: 40 });
    const whole = await inspect(path);
    for (const maxHeaders of [2, 7, 39]) {
      const sampled = await inspect(path, { maxHeaders });
      expect(sampled.estimated).toBe(true);
      expect(sampled.files).toMatchObject({ total: 40, read: maxHeaders, failed: [] });
      const { gaps: _, ...exact } = whole.arrays[0] ?? {};
      expect(sampled.arrays).toEqual([{ ...exact, gaps: undefined }]);
    }
    expect((await inspect(path, { maxHeaders: 1 })).arrays[0]).toMatchObject({
      samples: whole.arrays[0]?.samples,
    });
    expect(await inspect(path, { maxHeaders: 40 })).toEqual(whole);
  });

  it("inflates further where a map is large", async () => {
    const names = Array.from(
      { length: 3_000 },
      (_, i) => `lun ${(i * 2_654_435_761) % 4_294_967_296}`,
    );
    const profile: ArchiveProfile = {
      name: "wide",
      model: "Wide",
      resources: [
        { id: 11, elements: 3_000, metricIds: [18, 22], elementName: (i) => names[i] as string },
      ],
    };
    const arrays = [{ serial: "A1", controllers: 1 }];
    const path = await zipOf({ profile, arrays, rowsPerFile: 2, filesPerController: 1 });
    expect((await inspect(path)).arrays).toMatchObject([{ series: 6_000, samples: 12_000 }]);
  });

  it("looks into folders with zips, single files and .dat files", async () => {
    const folder = inFolder("folder");
    await writeFolder(generateArchive({ ...tiny, filesPerController: 1 }), folder);
    await writeZip(
      generateArchive({ ...tiny, filesPerController: 1, arrays: [{ serial: "B2" }] }),
      `${folder}/more.zip`,
    );
    await writeFile(inFolder("x.dat"), datBytes());
    await writeFile(`${folder}/readme.txt`, "");
    const found = await inspect([folder, inFolder("x.dat")]);
    expect(found.arrays.map(({ serial }) => serial)).toEqual([
      "2102355THQFSQ2100014",
      "B2",
      "2102355HEADER00001",
    ]);
    expect(found.files).toEqual({ total: 5, read: 5, failed: [], passedOver: 1 });
  });

  it("finds a .dat behind other files and says where there is none", async () => {
    const names = [
      "PerfData_SN_A1_SP0_0_20251020001500.tgz",
      "PerfData_SN_A1_SP1_0_20251020001500.tgz",
    ];
    const tar = await tarBytes([
      [{ name: "folder", type: "directory" }],
      [{ name: "readme.txt" }, Buffer.alloc(5_000, 1)],
      [{ name: "x.dat" }, datBytes()],
    ]);
    const without = await tarBytes([[{ name: "readme.txt" }, Buffer.alloc(50_000, 1)]]);
    const path = inFolder("behind.zip");
    await writeFile(
      path,
      zipBytes([
        { name: names[0] as string, bytes: gzipSync(tar) },
        { name: names[1] as string, bytes: gzipSync(without) },
      ]),
    );
    const found = await inspect(path);
    expect(found.arrays).toMatchObject([{ serial: "A1", controllers: ["SP0"], samples: 12 }]);
    expect(found.files.failed).toEqual([
      {
        file: `${path}!${names[1]}`,
        problem: expect.stringContaining("holds no .dat file"),
      },
    ]);
  });

  it("does not unpack a bomb", async () => {
    const path = inFolder("bomb.tgz");
    const part = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    await writeFile(path, Buffer.concat(Array.from({ length: 100 }, () => part)));
    const before = process.memoryUsage().rss;
    const found = await inspect(path, { limits: { ratio: 10 } });
    expect(found.files.failed).toHaveLength(1);
    expect(found.files.failed[0]?.problem).toContain("unpacks to more than");
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
  });

  it("rejects for an input that cannot be opened and when it is aborted", async () => {
    await expect(inspect(inFolder("none"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await writeFile(inFolder("bad.zip"), "no zip");
    await expect(inspect(inFolder("bad.zip"))).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
    const reason = new Error("enough");
    const path = await zipOf(tiny);
    await expect(inspect(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
