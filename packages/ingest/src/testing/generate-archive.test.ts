import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { extract } from "tar-stream";
import { describe, expect, test } from "vitest";
import type { ArchiveSpec } from "./archive-spec.ts";
import { type FaultKind, faultKinds } from "./faults.ts";
import { generateArchive } from "./generate-archive.ts";
import type { GeneratedFile } from "./generated-file.ts";

interface Cell {
  readonly series: string;
  readonly timestampMs: number;
  readonly value: number;
}

interface BlockMap {
  readonly EndTime: number | string;
  readonly StartTime: number | string;
  readonly Archive: number | string;
  readonly Map: Record<string, { IDs: string[]; Names: string[]; DataTypes: number[] }>;
}

async function untar(bytes: Uint8Array): Promise<{ name: string; bytes: Buffer }[]> {
  const members: { name: string; bytes: Buffer }[] = [];
  const tar = extract();
  Readable.from([gunzipSync(bytes)]).pipe(tar);
  for await (const entry of tar) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    members.push({ name: entry.header.name, bytes: Buffer.concat(parts) });
  }
  return members;
}

/** A reader of its own, written from the format alone; it keeps what the file really holds. */
function readDat(dat: Buffer): Cell[] {
  const cells: Cell[] = [];
  let offset = 337;
  while (offset + 8 <= dat.length && dat.readInt32LE(offset) === 0) {
    const length = dat.readInt32LE(offset + 4);
    if (length < 8 || offset + length > dat.length) break;
    const text = dat.toString("utf8", offset + 8, offset + length);
    // Integer-like keys would be sorted by JSON.parse; a prefix keeps the order of the text.
    const map = JSON.parse(text.replace(/"(\d+)"(\s*:\s*\{)/g, '"#$1"$2')) as BlockMap;
    offset += length;
    const columns = Object.entries(map.Map).flatMap(([id, { Names, DataTypes }]) =>
      Names.flatMap((name) => DataTypes.map((metric) => `${id.slice(1)}|${name}|${metric}`)),
    );
    const [start, end, step] = [Number(map.StartTime), Number(map.EndTime), Number(map.Archive)];
    const rows = Math.max(0, Math.trunc((end - start) / step));
    for (let row = 0; row < rows; row++) {
      if (offset + columns.length * 4 > dat.length) return cells;
      for (const series of columns) {
        const timestampMs = (start + row * step) * 1000;
        cells.push({ series, timestampMs, value: dat.readInt32LE(offset) });
        offset += 4;
      }
    }
  }
  return cells;
}

async function cellsOf(file: GeneratedFile): Promise<Cell[]> {
  return (await untar(file.bytes)).flatMap((member) => readDat(member.bytes)).sort(order);
}

function truthOf(file: GeneratedFile): Cell[] {
  const cells = [...file.truth()].flatMap((series) =>
    series.timestampsMs.map((timestampMs, index) => ({
      series: `${series.resourceId}|${series.element}|${series.metricId}`,
      timestampMs,
      value: series.rawValues[index] as number,
    })),
  );
  return cells.sort(order);
}

function order(a: Cell, b: Cell): number {
  return a.timestampMs - b.timestampMs || (a.series < b.series ? -1 : a.series > b.series ? 1 : 0);
}

const tiny: ArchiveSpec = { profile: "tiny", filesPerController: 2 };
const withFault = (kind: FaultKind, blocksPerFile = 1): GeneratedFile[] => [
  ...generateArchive({ ...tiny, blocksPerFile, faults: [{ kind, file: 0 }] }).files(),
];

describe("a generated archive", () => {
  test("is the same for the same specification and another for another seed", () => {
    const read = (seed: number): string[] =>
      Array.from(
        generateArchive({ ...tiny, seed }).files(),
        (file) => `${file.path} ${Buffer.from(file.bytes).toString("base64")}`,
      );
    expect(read(5)).toEqual(read(5));
    expect(read(5)).not.toEqual(read(6));
    const archive = generateArchive(tiny);
    const [first] = archive.files();
    const [again] = archive.files();
    expect(again?.bytes).toEqual(first?.bytes);
  });

  test("holds what its truth says, for any shape", async () => {
    const shape = fc.record({
      seed: fc.integer(),
      rowsPerFile: fc.integer({ min: 4, max: 20 }),
      blocksPerFile: fc.integer({ min: 1, max: 4 }),
      intervalSeconds: fc.constantFrom(5, 60, 300),
      overlappingControllers: fc.boolean(),
      sharedNameIds: fc.boolean(),
      elementNames: fc.uniqueArray(fc.string({ unit: "grapheme" }), { maxLength: 3 }),
      unknownMetricIds: fc.constantFrom([], [777_001]),
      unknownResourceIds: fc.constantFrom([], [9, 888]),
    });
    await fc.assert(
      fc.asyncProperty(shape, async (changes) => {
        const archive = generateArchive({ ...tiny, filesPerController: 1, ...changes });
        let samples = 0;
        for (const file of archive.files()) {
          const truth = truthOf(file);
          expect(await cellsOf(file)).toEqual(truth);
          expect(truth.length).toBe(file.samples);
          samples += truth.length;
        }
        expect(samples).toBe(archive.totals.samples);
      }),
      { numRuns: 40 },
    );
  });

  test("has the resources in an order that is not the numeric one", () => {
    const [file] = generateArchive(tiny).files();
    const ids = new Set(Array.from(file?.truth() ?? [], (series) => series.resourceId));
    expect([...ids]).toEqual([207, 11, 1000, 10, 216]);
  });

  test("has the series counts of real arrays", () => {
    const pairs = generateArchive({ profile: "dorado5500" }).totals;
    expect(generateArchive().totals).toMatchObject({ series: 8277, files: 24, samples: 1_489_860 });
    expect(pairs.series).toBe(29_767);
    expect(generateArchive({ overlappingControllers: true }).totals).toMatchObject({
      series: 8277,
      seriesPerFile: [8277, 8277],
    });
    expect(generateArchive({ targetSamples: 12_000_000 }).totals).toMatchObject({
      filesPerController: 97,
      samples: 12_043_035,
    });
  });

  test("is about as dense as a real one and its totals are what it yields", () => {
    // Two periods of a day, as nights are quieter.
    let bytes = 0;
    let samples = 0;
    for (const hour of [2, 14]) {
      const startMs = Date.UTC(2025, 9, 20, hour);
      const archive = generateArchive({ startMs, filesPerController: 2 });
      const files = [...archive.files()];
      expect(files.length).toBe(archive.totals.files);
      expect(files.reduce((sum, file) => sum + file.samples, 0)).toBe(archive.totals.samples);
      bytes += files.reduce((sum, file) => sum + file.bytes.length, 0);
      samples += archive.totals.samples;
    }
    expect(bytes / samples).toBeGreaterThan(0.7);
    expect(bytes / samples).toBeLessThan(1.1);
  });

  test("has totals that are the sum of reads and writes, and percentages up to 100", () => {
    const [file] = generateArchive({ startMs: Date.UTC(2025, 9, 20, 14) }).files();
    const values = new Map<string, readonly number[]>();
    for (const { resourceId, element, metricId, rawValues } of file?.truth() ?? []) {
      values.set(`${resourceId}|${element}|${metricId}`, rawValues);
    }
    let busy = 0;
    for (const [key, total] of values) {
      const [resource, element, metric] = key.split("|");
      const value = (id: number): readonly number[] =>
        values.get(`${resource}|${element}|${id}`) ?? [];
      if (metric === "22")
        expect(total).toEqual(value(25).map((n, i) => n + (value(28)[i] ?? NaN)));
      if (metric === "21")
        expect(total).toEqual(value(23).map((n, i) => n + (value(26)[i] ?? NaN)));
      if (metric === "22" && total.some((n) => n > 0)) busy += 1;
      if (metric === "18") expect(Math.max(...total)).toBeLessThanOrEqual(100);
      expect(Math.min(...total)).toBeGreaterThanOrEqual(0);
    }
    expect(busy).toBeGreaterThan(40);
  });

  test("gives overlapping controllers the same series with other values", () => {
    const [one, two] = generateArchive({ ...tiny, overlappingControllers: true }).files();
    const [a, b] = [truthOf(one as GeneratedFile), truthOf(two as GeneratedFile)];
    expect(b.map(({ series, timestampMs }) => `${series} ${timestampMs}`)).toEqual(
      a.map(({ series, timestampMs }) => `${series} ${timestampMs}`),
    );
    expect(b).not.toEqual(a);
  });

  test("keeps arrays apart", () => {
    const archive = generateArchive({ ...tiny, arrays: [{ serial: "A1" }, { serial: "B2" }] });
    for (const file of archive.files()) {
      const serial = /_SN_([0-9A-Z]+)_SP\d+/.exec(file.path)?.[1];
      expect(new Set(Array.from(file.truth(), (series) => series.serial))).toEqual(
        new Set([serial]),
      );
    }
    expect(archive.totals).toMatchObject({ files: 8, series: 110, samples: 3300 });
  });

  test("refuses what cannot be", () => {
    expect(() => generateArchive({ rowsPerFile: 0 })).toThrow(/rowsPerFile/);
    expect(() => generateArchive({ rowsPerFile: 2, blocksPerFile: 3 })).toThrow(/blocksPerFile/);
    expect(() => generateArchive({ arrays: [{ serial: "a/b" }] })).toThrow(/serial/);
    expect(() => generateArchive({ faults: [{ kind: "empty-dat", file: 24 }] })).toThrow(/24/);
    const twice: ArchiveSpec["faults"] = [
      { kind: "empty-dat", file: 0 },
      { kind: "short-dat", file: 0 },
    ];
    expect(() => generateArchive({ faults: twice })).toThrow(/already/);
  });
});

describe("a fault", () => {
  const readable: readonly FaultKind[] = faultKinds.filter((kind) => {
    const [file, added] = withFault(kind);
    return file?.outcome === "ok" && added?.fault === undefined;
  });

  test.each(faultKinds)("%s builds, counts and leaves the other files alone", (kind) => {
    const archive = generateArchive({ ...tiny, faults: [{ kind, file: 0 }] });
    const files = [...archive.files()];
    const marked = files.filter((file) => file.fault === kind);
    expect(marked).toHaveLength(1);
    expect(marked[0]?.bytes).toBeInstanceOf(Uint8Array);
    expect(files.length).toBe(archive.totals.files);
    const counts = { ok: 0, partial: 0, failed: 0, skipped: 0 };
    let samples = 0;
    for (const file of files) {
      counts[file.outcome] += 1;
      samples += truthOf(file).length;
      expect(truthOf(file).length).toBe(file.samples);
    }
    expect(counts).toEqual(archive.totals.outcomes);
    expect(samples).toBe(archive.totals.samples);
    const sound = [...generateArchive(tiny).files()].slice(1);
    const others = files.filter((file) => file !== marked[0] && file.outcome === "ok").slice(-3);
    expect(others.map((file) => file.bytes)).toEqual(sound.map((file) => file.bytes));
  });

  test.each(readable)(
    "%s can be read and holds its truth, in one block and in three",
    async (kind) => {
      for (const blocks of [1, 3]) {
        const [file] = withFault(kind, blocks);
        expect(file?.samples).toBe(15 * 36);
        expect(await cellsOf(file as GeneratedFile)).toEqual(truthOf(file as GeneratedFile));
      }
    },
  );

  test.each([
    ["truncated-last-block", 7],
    ["truncated-second-header", 15],
    ["trailing-garbage", 15],
    ["foreign-block", 15],
    ["end-too-early", 14],
    ["tar-without-end", 15],
  ] as const)("%s keeps the complete rows", async (kind, rows) => {
    for (const blocks of [1, 3]) {
      const [file] = withFault(kind, blocks);
      expect(file?.outcome).toBe("partial");
      expect(await cellsOf(file as GeneratedFile)).toEqual(truthOf(file as GeneratedFile));
    }
    expect(withFault(kind)[0]?.samples).toBe(rows * 36);
  });

  test("in the last block leaves the blocks before it", () => {
    for (const kind of ["corrupt-map", "zero-archive", "far-future"] as const) {
      expect(withFault(kind)[0]).toMatchObject({ outcome: "failed", samples: 0 });
      expect(withFault(kind, 3)[0]).toMatchObject({ outcome: "partial", samples: 10 * 36 });
    }
    const args = { ...tiny, rowsPerFile: 1, faults: [{ kind: "truncated-last-block" as const }] };
    expect([...generateArchive(args).files()][0]).toMatchObject({ outcome: "failed", samples: 0 });
  });

  test("in the gzip is one that only the check value or the data tells", () => {
    const [crc] = withFault("corrupt-gzip-crc");
    const [sound] = generateArchive(tiny).files();
    const body = (file: GeneratedFile | undefined): Buffer =>
      Buffer.from(file?.bytes ?? []).subarray(0, -8);
    expect(body(crc).equals(body(sound))).toBe(true);
    expect(body(crc).length).toBeGreaterThan(500);
    expect(() => gunzipSync(crc?.bytes ?? "")).toThrow(/incorrect data check/);
    expect(() => gunzipSync(withFault("corrupt-gzip")[0]?.bytes ?? "")).toThrow();
  });

  test("of the container is what its name says", async () => {
    const name = (kind: FaultKind): Promise<string[]> =>
      untar(withFault(kind)[0]?.bytes ?? new Uint8Array()).then((members) =>
        members.map((member) => member.name),
      );
    expect(await name("slip-name")).toEqual([expect.stringMatching(/^\.\.\/\.\.\/Perf.*\.dat$/)]);
    expect(await name("dat-in-subfolder")).toEqual([expect.stringMatching(/^perf\/data\/Perf/)]);
    expect(await name("two-dat")).toHaveLength(2);
    expect(withFault("dst-name")[0]?.path).toMatch(/\d{14}DST\.tgz$/);
    expect(withFault("upper-case-extension")[0]?.path).toMatch(/\.TGZ$/);
    expect(withFault("macosx")[1]?.path).toMatch(/^__MACOSX\/2025-10-20\/\._PerfData_.*\.tgz$/);
    const [original, copy] = withFault("duplicate-copy");
    expect(copy?.bytes).toEqual(original?.bytes);
    expect(copy?.path.split("/").at(-1)).toBe(original?.path.split("/").at(-1));
  });

  test("of the times and the tar is what its name says", async () => {
    const text = async (kind: FaultKind): Promise<string> =>
      (await untar(withFault(kind)[0]?.bytes ?? new Uint8Array()))[0]?.bytes.toString() ?? "";
    expect(await text("clock-unset")).toContain('"EndTime":900,"StartTime":0,');
    expect(await text("far-future")).toMatch(/"StartTime":333\d{8},/);
    expect(await text("huge-name")).toMatch(/(_huge){3990}/);
    const [cut] = withFault("tar-without-end");
    const [sound] = generateArchive(tiny).files();
    const [short, long] = [cut, sound].map((file) => gunzipSync(file?.bytes ?? "").length);
    expect((long ?? 0) - (short ?? 0)).toBe(1024);
  });

  test("of the declared length is in the first block", async () => {
    const length = async (kind: FaultKind): Promise<number | undefined> =>
      (await untar(withFault(kind)[0]?.bytes ?? new Uint8Array()))[0]?.bytes.readInt32LE(341);
    expect(await length("length-huge")).toBe(0x7fff_ffff);
    expect(await length("length-negative")).toBe(-1);
    expect(await length("length-7")).toBe(7);
  });

  test("of the values and names shows in the truth", () => {
    const series = (kind: FaultKind) => [...(withFault(kind)[0]?.truth() ?? [])];
    expect(series("extreme-values")[0]?.rawValues.slice(0, 2)).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect(series("extreme-values").at(-1)?.rawValues[0]).toBe(-1);
    expect(series("empty-element-name")[0]?.element).toBe("");
    expect(series("long-names")[0]?.element).toHaveLength(250);
  });
});
