import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExactRun, exactRun, type Packing } from "../test/exact-run.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import type { IngestOptions } from "./ingest.ts";
import { KNOWN_METRIC_IDS } from "./oceanstor/id-tables.ts";
import type { ArchiveSpec } from "./testing/archive-spec.ts";
import { type FaultKind, faultKinds } from "./testing/faults.ts";
import { generateArchive } from "./testing/generate-archive.ts";
import type { ArchiveProfile } from "./testing/profiles.ts";

const inFolder = temporaryFolder();
let runs = 0;

/** Loads the archive that the specification describes and expects it to be exactly its truth. */
async function expectExact(
  spec: ArchiveSpec,
  packing: Packing = "zip",
  options: IngestOptions = {},
): Promise<ExactRun> {
  const folder = inFolder(`run-${runs++}`);
  await mkdir(folder);
  const archive = generateArchive(spec);
  const run = await exactRun(archive, folder, packing, options);
  expect(run.differences).toEqual([]);
  const { report, samples, expectedSeries } = run;
  const { outcomes, files } = archive.totals;
  expect(report.samples).toMatchObject({ parsed: samples, accepted: samples, filtered: 0 });
  expect(report.series, "distinct series in the report").toBe(expectedSeries);
  if (packing !== "tgz") {
    expect(report.files.total).toBe(files);
    expect({
      ok: report.files.ok,
      partial: report.files.partial.length,
      failed: report.files.failed.length,
      skipped: report.files.skipped.length,
    }).toEqual(outcomes);
    expect(report.complete).toBe(outcomes.partial + outcomes.failed === 0);
  }
  return run;
}

const tiny: ArchiveSpec = { profile: "tiny", filesPerController: 3 };
const oddNames = [
  'a/b"c\\d',
  "{x=1}",
  "a,b@c#d",
  "line\nbreak\ttab",
  "disk \u{1f4be}",
  "Хранилище",
  "存储池",
  '"10":',
  '{"12":{}}',
  "__proto__",
];

describe("a load is exact", () => {
  for (const [i, kind] of faultKinds.entries()) {
    const packing = (["zip", "folder", "deflated zip"] as const)[i % 3] as Packing;
    it(`with ${kind}, in one block and in three`, async () => {
      for (const blocksPerFile of [1, 3]) {
        const faults = [{ kind, file: 2 }];
        await expectExact({ ...tiny, blocksPerFile, faults }, packing);
      }
    });
  }

  it("with every fault at once", async () => {
    const faults = faultKinds.map((kind) => ({ kind }));
    const filesPerController = Math.ceil(faults.length / 2) + 1;
    for (const blocksPerFile of [1, 2]) {
      await expectExact({ ...tiny, filesPerController, blocksPerFile, faults });
    }
  });

  it("with rows so few that damage leaves none", async () => {
    const kinds: FaultKind[] = ["truncated-last-block", "truncated-second-header", "two-dat"];
    const faults = kinds.map((kind) => ({ kind }));
    await expectExact({ ...tiny, rowsPerFile: 1, faults: faults.slice(0, 2) });
    await expectExact({ ...tiny, rowsPerFile: 2, blocksPerFile: 2, faults });
  });

  it.each<[string, ArchiveSpec]>([
    ["two arrays in one archive", { arrays: [{ serial: "2102AAAAAAAA" }, { serial: "9BBBB" }] }],
    ["one controller", { arrays: [{ serial: "A1", controllers: 1 }] }],
    ["three controllers", { arrays: [{ serial: "A1", controllers: 3 }] }],
    ["controllers that report the same elements", { overlappingControllers: true }],
    ["several blocks a file", { blocksPerFile: 5 }],
    ["names of any characters", { elementNames: oddNames, profile: "tiny" }],
    ["ids that nobody knows", { unknownMetricIds: [777_001, 3], unknownResourceIds: [9, 888] }],
    ["two ids of one name", { sharedNameIds: true }],
    [
      "two ids of one name, on both controllers",
      { sharedNameIds: true, overlappingControllers: true },
    ],
    ["another interval", { intervalSeconds: 5 }],
  ])("with %s", async (_, spec) => {
    for (const packing of ["zip", "deflated zip", "folder"] as const) {
      await expectExact({ ...tiny, ...spec }, packing);
    }
  });

  it("of a single .tgz", async () => {
    const { report } = await expectExact(tiny, "tgz");
    expect(report).toMatchObject({ complete: true, files: { total: 1, ok: 1 } });
  });

  it("of every metric id in the dictionary, with its name and its divisor", async () => {
    const profile: ArchiveProfile = {
      name: "all",
      model: "All",
      resources: [
        { id: 207, elements: 1, metricIds: [18], elementName: () => "0A" },
        { id: 11, elements: 1, metricIds: KNOWN_METRIC_IDS, elementName: () => "lun" },
      ],
    };
    const arrays = [{ serial: "A1", controllers: 1 }];
    const run = await expectExact({ profile, arrays, filesPerController: 1 });
    expect(run.samples).toBe(15 * 923);
  });

  it("whatever the bounds of joining and the number of workers", { timeout: 60_000 }, async () => {
    const spec: ArchiveSpec = {
      ...tiny,
      filesPerController: 6,
      arrays: [{ serial: "A1" }, { serial: "B2", controllers: 1 }],
      faults: [
        { kind: "truncated-last-block", file: 3 },
        { kind: "corrupt-gzip", file: 7 },
      ],
    };
    for (const join of [
      {},
      { rows: 1 },
      { rows: 7 },
      { bytes: 1 },
      { batchBytes: 1 },
      { bytes: 5_000 },
    ]) {
      await expectExact(spec, "zip", { join, workers: 1 + ((join.rows ?? 0) % 4) });
    }
  });

  it("for any shape and any faults", { timeout: 60_000 }, async () => {
    const shape = fc.record({
      seed: fc.integer(),
      rowsPerFile: fc.integer({ min: 3, max: 20 }),
      blocksPerFile: fc.integer({ min: 1, max: 3 }),
      intervalSeconds: fc.constantFrom(5, 60, 300),
      overlappingControllers: fc.boolean(),
      sharedNameIds: fc.boolean(),
      elementNames: fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 4 }),
      unknownMetricIds: fc.constantFrom([], [777_001]),
      unknownResourceIds: fc.constantFrom([], [9, 888]),
      faults: fc.array(fc.record({ kind: fc.constantFrom(...faultKinds) }), { maxLength: 6 }),
    });
    const packing = fc.constantFrom<Packing>("zip", "folder", "deflated zip");
    await fc.assert(
      fc.asyncProperty(shape, packing, async (changes, how) => {
        await expectExact({ ...tiny, ...changes }, how);
      }),
      { numRuns: 40, seed: 20_251_020 },
    );
  });

  // The clocks of this zone went back at 2025-10-26T01:00Z and forward at 2026-03-29T01:00Z.
  it("across clock changes, in a process of another time zone", { timeout: 60_000 }, async () => {
    const child = fileURLToPath(new URL("../test/exact-child.ts", import.meta.url));
    const spec: ArchiveSpec = { profile: "tiny", filesPerController: 16 };
    for (const startMs of [Date.UTC(2025, 9, 25, 23), Date.UTC(2026, 2, 28, 23)]) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--conditions=@millrace/source", child, JSON.stringify({ ...spec, startMs })],
        { env: { ...process.env, TZ: "Europe/Berlin", NODE_NO_WARNINGS: "1" } },
      );
      expect(JSON.parse(stdout)).toEqual({
        offsets: [
          startMs < Date.UTC(2026, 0) ? -120 : -60,
          startMs < Date.UTC(2026, 0) ? -60 : -120,
        ],
        differences: [],
        samples: generateArchive(spec).totals.samples,
      });
    }
  });
});
