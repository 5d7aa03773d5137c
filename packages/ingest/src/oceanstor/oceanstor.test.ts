import { gunzipSync } from "node:zlib";
import { testContext } from "@millrace/core/testing";
import { extract } from "tar-stream";
import { beforeAll, describe, expect, it } from "vitest";
import { blockBytes, datBytes, TWO_LUNS } from "../../test/dat-bytes.ts";
import { expectedLabels, expectedValues } from "../../test/expected-samples.ts";
import type { ParsedDocument } from "../parser/archive-parser.ts";
import type { ArchiveSpec } from "../testing/archive-spec.ts";
import { describeParser, type ParserExample } from "../testing/describe-parser.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import type { GeneratedFile } from "../testing/generated-file.ts";
import { oceanstor, type TableFacts } from "./oceanstor.ts";

const examples: ParserExample[] = [];
const memberPath = "PerfData_D_SN_2102355ABC_SP1_0_20251020001500.tgz";
const path = "PerfData_D_SN_2102355ABC_SP1_0_20251020001500.dat";

async function example(file: GeneratedFile): Promise<ParserExample> {
  const tar = extract();
  tar.end(gunzipSync(file.bytes));
  for await (const entry of tar) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    return {
      path: entry.header.name,
      memberPath: file.path,
      bytes: Buffer.concat(chunks),
      expected: Array.from(file.truth(), (series) => ({
        labels: expectedLabels(series),
        timesMs: series.timestampsMs,
        values: expectedValues(series),
      })),
    };
  }
  throw new Error("an empty tar");
}

beforeAll(async () => {
  const tiny: ArchiveSpec = { profile: "tiny", filesPerController: 2, rowsPerFile: 5 };
  const specs: ArchiveSpec[] = [
    tiny,
    { ...tiny, blocksPerFile: 3, seed: 9 },
    { ...tiny, faults: [{ kind: "reordered-keys" }], filesPerController: 1 },
    { ...tiny, elementNames: ['"10":', "存储", "a\\"], unknownMetricIds: [4_242] },
  ];
  for (const spec of specs) {
    for (const file of generateArchive(spec).files()) examples.push(await example(file));
  }
});

const broken = (bytes: Uint8Array) => ({ path, memberPath, bytes });

describeParser("oceanstor", {
  create: () => oceanstor(),
  documents: examples,
  broken: [
    broken(new Uint8Array(0)),
    broken(new Uint8Array(336)),
    broken(new Uint8Array(337)),
    broken(new Uint8Array(1_000)),
    broken(datBytes([{ text: "{}" }])),
    broken(datBytes([{ text: "no json" }])),
    broken(datBytes([{ interval: 0, end: 1_760_000_940 }])),
    broken(datBytes([{ interval: -60 }])),
    broken(datBytes([{ length: -1 }])),
    broken(datBytes([{ length: 7 }])),
    broken(datBytes([{ length: 0x7fff_ffff }])),
    broken(datBytes([{ values: [1, 2, 3] }])),
    broken(datBytes([{ map: TWO_LUNS.replace("22,18", "22.18") }])),
    broken(datBytes([{ map: "{}", values: [] }], blockBytes({ text: "{" }))),
  ],
  foreignPaths: ["", "PerfData.txt", "a.zip", "folder/x.tgz.part", "tgz", "x.dat.gz"],
  truncateEvery: 37,
});

function parse(bytes: Uint8Array, options = {}, context = testContext()): ParsedDocument {
  return oceanstor(options).parse({ path, memberPath, bytes, origin: memberPath }, context);
}

const starts = ({ blocks }: ParsedDocument) =>
  blocks.map(({ startMs, rowCount }) => [startMs / 1000 - 1_760_000_040, rowCount]);

describe("oceanstor", () => {
  it("keeps the complete rows of a block that ends early, and says so", () => {
    const parsed = parse(datBytes([{ values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }]));
    expect(starts(parsed)).toEqual([[0, 2]]);
    expect(parsed.problems).toEqual([`${path}: The block at byte 337 ends after 2 of 3 rows.`]);
  });

  it.each<[string, Uint8Array]>([
    ["nothing", Buffer.of()],
    ["three zeros", Buffer.alloc(3)],
    ["padding", Buffer.alloc(512)],
  ])("takes %s behind the last row for the end", (_, tail) => {
    const parsed = parse(datBytes([{}], tail));
    expect(starts(parsed)).toEqual([[0, 3]]);
    expect(parsed.problems).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ["foreign bytes", Buffer.from("garbage behind the last row")],
    ["a few foreign bytes", Buffer.from("EOF")],
    ["one foreign byte", Buffer.from([0xff])],
    ["a foreign byte behind zeros", Buffer.concat([Buffer.alloc(600), Buffer.from([1])])],
    ["a block of another type", blockBytes({ type: 1 })],
    ["half a head", Buffer.from([0, 0, 0, 0, 9])],
    ["a head alone", Buffer.from([0, 0, 0, 0, 99, 0, 0, 0])],
    ["a length of 7", Buffer.from([0, 0, 0, 0, 7, 0, 0, 0, 1, 2, 3])],
    ["a negative length", Buffer.from([0, 0, 0, 0, 255, 255, 255, 255, 1])],
    ["a broken map", blockBytes({ text: '{"EndTime":1' })],
    ["an interval of 0", blockBytes({ interval: 0, end: 1_760_000_940 })],
  ])("keeps the first block before %s, and says so", (_, tail) => {
    const parsed = parse(datBytes([{}], tail));
    expect(starts(parsed)).toEqual([[0, 3]]);
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.problems[0]).toContain(path);
  });

  it.each<[string, number, number, number]>([
    ["too early", 120, 2, 16],
    ["at its start", 0, 0, 48],
    ["before its start", -300, 0, 48],
  ])("names the bytes behind a block that ends %s, and their offset", (_, span, rows, left) => {
    const start = 1_760_000_640;
    const parsed = parse(datBytes([{}, { start, end: start + span }]));
    expect(starts(parsed)).toEqual([[0, 3], ...(rows > 0 ? [[600, rows]] : [])]);
    const at = datBytes([{}, { start, end: start + span }]).length - left;
    expect(parsed.problems).toEqual([
      expect.stringContaining(`${path}: The ${left} bytes from byte ${at} on`),
    ]);
  });

  it("refuses a file of which no row is left before the damage", () => {
    const start = 1_760_000_040;
    expect(() => parse(datBytes([{ start, end: start - 300 }]))).toThrow(
      expect.objectContaining({
        code: "CORRUPT_INPUT",
        message: expect.stringMatching(/48 bytes/),
      }),
    );
  });

  it.each<[string, number, RegExp]>([
    ["before 1970", -600, /begins 1969-12-31T23:50:00.000Z/],
    ["in 1970", 600, /begins 1970-01-01T00:10:00.000Z/],
    ["in 2000, as clock chips begin", 946_684_800, /before 2001-01-01/],
    ["in 2096", 4_000_000_000, /reaches to 2096-10-02T07:08:40.000Z, beyond/],
    ["when no calendar goes on", 9e15, /reaches to 90000000000001\d\d s after 1970/],
  ])("refuses a block %s, and what is behind it", (_, start, reason) => {
    const corrupt = expect.objectContaining({
      code: "CORRUPT_INPUT",
      message: expect.stringMatching(reason),
    });
    expect(() => parse(datBytes([{ start }]))).toThrow(corrupt);
    const context = testContext();
    const parsed = parse(datBytes([{}, { start }, {}]), {}, context);
    expect(starts(parsed)).toEqual([[0, 3]]);
    expect(parsed.problems).toEqual([expect.stringMatching(reason)]);
    expect(context.events).toHaveLength(2);
    expect(parse(datBytes([{ start, end: start - 60, values: [] }, {}])).problems).toEqual([]);
  });

  it("believes a clock that is hours ahead, and any time that it is told to", () => {
    const ahead = Math.floor(Date.now() / 1000) + 14 * 3600;
    expect(parse(datBytes([{ start: ahead }])).blocks).toHaveLength(1);
    const start = 4_000_000_000;
    const times = { earliestMs: 0, latestMs: (start + 120) * 1000 };
    expect(parse(datBytes([{ start }]), { times }).blocks).toHaveLength(1);
    expect(parse(datBytes([{ start: 0 }]), { times }).blocks).toHaveLength(1);
    expect(() => parse(datBytes([{ start: start + 1 }]), { times })).toThrow(/beyond 2096/);
    const invalid = expect.objectContaining({ code: "INVALID_OPTION" });
    expect(() => oceanstor({ times: { earliestMs: 2, latestMs: 1 } })).toThrow(invalid);
    expect(() => oceanstor({ times: { latestMs: Number.NaN } })).toThrow(invalid);
  });

  it("never calls a file sound of which one wrong bit cost samples", () => {
    for (const blocks of [[{}], [{}, { start: 1_760_000_220 }]]) {
      const sound = datBytes(blocks);
      const samples = blocks.length * 12;
      for (let bit = 337 * 8; bit < sound.length * 8; bit++) {
        const damaged = Uint8Array.from(sound);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        let parsed: ParsedDocument;
        try {
          parsed = parse(damaged);
        } catch {
          continue;
        }
        if (parsed.problems.length > 0) continue;
        const count = parsed.blocks.reduce((sum, block) => sum + block.rowCount * 4, 0);
        expect(count, `bit ${bit % 8} of byte ${bit >> 3}`).toBe(samples);
      }
    }
  });

  it("refuses names that no label can hold", () => {
    const named = (name: string) => datBytes([{ map: TWO_LUNS.replace("lun_a", name) }]);
    expect(parse(named("N".repeat(4_096))).blocks).toHaveLength(1);
    expect(() => parse(named("N".repeat(4_097)))).toThrow(/name of 4097 bytes/);
    expect(parse(named("\u5b58".repeat(1_365))).blocks).toHaveLength(1);
    expect(() => parse(named("\u5b58".repeat(1_366)))).toThrow(/name of 4098 bytes/);
    const context = testContext();
    const long = `PerfData_SN_${"A".repeat(5_000)}_SP0_0_20251020001500.tgz`;
    const input = { path, memberPath: long, bytes: datBytes(), origin: "o" };
    expect(() => oceanstor().parse(input, context)).toThrow(/The array has a name of 5000 bytes/);
  });

  it("goes on behind a block without rows or columns", () => {
    const start = 1_760_000_040;
    const parsed = parse(
      datBytes([
        { end: start, values: [] },
        { end: start - 600, values: [] },
        { map: "{}", values: [] },
        { map: '{"11":{"IDs":[],"Names":[],"DataTypes":[22]}}', values: [] },
        { start: start + 60 },
      ]),
    );
    expect(starts(parsed)).toEqual([[60, 3]]);
    expect(parsed.problems).toEqual([]);
  });

  it("reads a first block whatever its type, as it always was", () => {
    expect(starts(parse(datBytes([{ type: 7 }])))).toEqual([[0, 3]]);
  });

  it("rounds the number of rows down", () => {
    const start = 1_760_000_040;
    expect(starts(parse(datBytes([{ end: start + 239 }])))).toEqual([[0, 3]]);
    expect(starts(parse(datBytes([{ end: start + 59, values: [] }])))).toEqual([]);
  });

  it("takes the order of columns from the text, not from numbers", () => {
    const one = (id: number, metric: number) =>
      `"${id}":{"IDs":["a"],"Names":["n${id}"],"DataTypes":[${metric}]}`;
    const map = `{${one(207, 18)},${one(11, 22)},${one(10, 18)}}`;
    const { blocks } = parse(datBytes([{ map, values: [1, 2, 3, 1, 2, 3, 1, 2, 3] }]));
    expect(blocks[0]?.table.labels.map((labels) => labels["Element"])).toEqual([
      "n207",
      "n11",
      "n10",
    ]);
  });

  it("leaves out what is not wanted and counts it", () => {
    const context = testContext();
    const map = TWO_LUNS.replace("22,18", "22,18,67,777");
    const values = Array.from({ length: 24 }, (_, i) => i);
    const parsed = parse(datBytes([{ map, values }]), { metrics: [18] }, context);
    expect(parsed.filtered).toBe(18);
    const [block] = parsed.blocks;
    expect(block?.table.labels).toHaveLength(2);
    expect(block?.columns).toEqual(Uint32Array.of(1, 5));
    expect(block?.columnCount).toBe(8);
    const table = context.events.find(({ type }) => type === "ingest:table");
    expect(table).toMatchObject({ data: { series: 2, unknownMetrics: [], sharedNames: [] } });
    expect(parse(datBytes([{ map, values }]), { metrics: "default" }).filtered).toBe(6);
    expect(parse(datBytes([{ map, values }]), { metrics: [] }).filtered).toBe(24);
  });

  it("says of each table and each block what is in it", () => {
    const context = testContext();
    const parser = oceanstor();
    const map = TWO_LUNS.replace('"11":', '"999":').replace("22,18", "18,67,777");
    const values = Array.from({ length: 18 }, (_, i) => i);
    const bytes = datBytes([
      { map, values },
      { start: 1_760_000_640, map, values },
    ]);
    for (let i = 0; i < 2; i++) {
      parser.parse({ path, memberPath, bytes, origin: "o" }, context);
    }
    const owner = { serial: "2102355ABC", model: "Dorado_Test", controller: "SP1" };
    expect(context.events.map(({ type }) => type)).toEqual([
      "ingest:table",
      ...["ingest:period", "ingest:period", "ingest:period", "ingest:period"],
    ]);
    expect(context.events.slice(0, 2)).toEqual([
      {
        type: "ingest:table",
        data: {
          ...owner,
          series: 6,
          newSeries: 4,
          unknownMetrics: [777],
          unknownResources: [999],
          sharedNames: [
            {
              series: "huawei_usage_percent",
              resource: "UNKNOWN_RESOURCE_999",
              metricIds: [18, 67],
            },
          ],
        },
      },
      {
        type: "ingest:period",
        data: {
          ...owner,
          intervalSeconds: 60,
          firstMs: 1_760_000_040_000,
          lastMs: 1_760_000_160_000,
          samples: 18,
        },
      },
    ]);
  });

  it("tells every run of its tables, and none without rows", () => {
    const parser = oceanstor();
    for (let run = 0; run < 2; run++) {
      const context = testContext();
      const empty = { start: 1_760_000_640, end: 1_760_000_640, map: TWO_LUNS, values: [] };
      parser.parse({ path, memberPath, bytes: datBytes([empty]), origin: "o" }, context);
      expect(context.events).toEqual([]);
      parser.parse({ path, memberPath, bytes: datBytes(), origin: "o" }, context);
      const [table] = context.events;
      const data = (table as unknown as { data: TableFacts }).data;
      expect(data).toMatchObject({ series: 4, newSeries: 4 });
    }
  });

  it("keeps arrays, intervals and maps apart, however many there are", () => {
    const parser = oceanstor();
    const context = testContext();
    const tables = new Set<unknown>();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 40; i++) {
        const bytes = datBytes([{ interval: 60 + i }]);
        const member = `PerfData_SN_A${i % 3}_SP0_0_20251020001500.tgz`;
        const { blocks } = parser.parse({ path, memberPath: member, bytes, origin: "o" }, context);
        tables.add(blocks[0]?.table);
        expect(blocks[0]?.table.labels[0]).toEqual({
          __name__: "huawei_total_iops_io_s",
          Element: "lun_a",
          Resource: "LUN",
          SN: `A${i % 3}`,
          scrape_interval: `${60 + i}`,
        });
      }
    }
    expect(new Set([...tables].map((table) => (table as { id: string }).id)).size).toBe(40);
    const fresh = context.events.filter(({ type }) => type === "ingest:table");
    const newSeries = fresh.map(
      (event) => (event as unknown as { data: TableFacts }).data.newSeries,
    );
    expect(newSeries.reduce((a, b) => a + b)).toBe(160);
  });
});
