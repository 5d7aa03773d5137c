import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
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
import { faultKinds } from "../testing/faults.ts";
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

function everyFault(blocksPerFile: number): ArchiveSpec {
  const filesPerController = Math.ceil(faultKinds.length / 2);
  return { blocksPerFile, filesPerController, faults: faultKinds.map((kind) => ({ kind })) };
}

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
    ["every fault in a file of one block", everyFault(1)],
    ["every fault in a file of three blocks", everyFault(3)],
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
    for (const outcome of ["failed", "partial"] as const) {
      expect(inspection.files[outcome].map(({ file }) => file)).toEqual(
        report.files[outcome].map(({ file }) => file),
      );
      const reasons = (problems: readonly string[]) => problems.join(" ").replace(/beyond .*Z/, "");
      expect(inspection.files[outcome].map(({ problem }) => reasons([problem]))).toEqual(
        report.files[outcome].map(({ problems }) => reasons(problems)),
      );
    }
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
    for (const none of [0, -5, Number.NaN, "40" as never]) {
      await expect(inspect(path, { maxHeaders: none })).rejects.toMatchObject({
        code: "INVALID_OPTION",
        message: `maxHeaders is ${none}; give a number of 1 or more.`,
      });
    }
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
    expect(found.files).toEqual({ total: 5, read: 5, partial: [], failed: [], passedOver: 1 });
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

  it("tells by the head of a large file what its size or its times give away", async () => {
    const spec: ArchiveSpec = { profile: "dorado6000", filesPerController: 2, rowsPerFile: 15 };
    for (const kind of ["truncated-last-block", "end-too-early", "clock-unset"] as const) {
      const path = await zipOf({ ...spec, faults: [{ kind, file: 1 }] });
      const { files, arrays } = await inspect(path);
      const report = await loaded([path]);
      const names = (list: readonly { readonly file: string }[]) => list.map(({ file }) => file);
      expect(names(files.failed)).toEqual(names(report.files.failed));
      expect(names(files.partial)).toEqual(names(report.files.partial));
      expect(files.failed.length + files.partial.length).toBe(1);
      expect(arrays[0]?.samples).toBe(report.samples.parsed);
    }
  });

  it("says of names, of inputs and of what is nested what loading says", async () => {
    const [name = ""] = [...generateArchive(tiny).files()].map(({ path }) => path);
    const path = inFolder("names.zip");
    const entries = [
      { name: name.replace(/z$/, "{"), localName: name, bytes: Buffer.from("x") },
      { name: "inner.zip", bytes: Buffer.from("x") },
      { name: "readme.txt", bytes: Buffer.from("x") },
    ];
    await writeFile(path, zipBytes(entries));
    const folder = inFolder("with-broken");
    await mkdir(folder);
    await writeFile(`${folder}/broken.zip`, "no zip");
    await copyFile(await zipOf(tiny), `${folder}/good.zip`);
    const inputs = [folder, path, path];
    const { files } = await inspect(inputs);
    const report = await loaded(inputs);
    expect(files.failed.map(({ file }) => file)).toEqual(report.files.failed.map((f) => f.file));
    expect(files.failed).toHaveLength(3);
    expect(files.passedOver).toBe(report.files.skipped.length);
    expect((await inspect(folder)).files.failed).toHaveLength(1);
    await symlink("gone.zip", inFolder("dangling.zip"));
    await expect(inspect(inFolder("dangling.zip"))).rejects.toThrow(/is a link to .*gone\.zip/);
  });

  it("believes the times that it is told to", async () => {
    const path = await zipOf({ ...tiny, startMs: Date.UTC(2096, 0) });
    expect((await inspect(path)).files.failed).toHaveLength(8);
    const times = { latestMs: Date.UTC(2097, 0) };
    expect((await inspect(path, { times })).files.failed).toEqual([]);
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
