import { writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { eachSeries, type OriginReadEvent, type SeriesBatch } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { lastValueFrom } from "rxjs";
import { describe, expect, it } from "vitest";
import { expectedSamples } from "../test/expected-samples.ts";
import { SampleSet, SamplesByOrigin } from "../test/sample-set.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { zipBytes } from "../test/zip-bytes.ts";
import { ingest } from "./ingest.ts";
import { generateArchive } from "./testing/generate-archive.ts";
import type { GeneratedFile } from "./testing/generated-file.ts";
import { Random } from "./testing/random.ts";
import { tarGzip } from "./testing/tar-gzip.ts";

const inFolder = temporaryFolder();

/** Three files: a mutated one between two of which every sample must arrive. */
const files: readonly GeneratedFile[] = [
  ...generateArchive({
    profile: {
      name: "two",
      model: "M",
      resources: [
        { id: 207, elements: 1, metricIds: [18, 22], elementName: () => "0A" },
        { id: 11, elements: 2, metricIds: [311, 384], elementName: (i) => `lun/${i}` },
      ],
    },
    arrays: [{ serial: "2102355FUZZ", controllers: 1 }],
    filesPerController: 3,
    rowsPerFile: 4,
    blocksPerFile: 2,
  }).files(),
];
const truths = files.map(expectedSamples);
const everything = new SampleSet();
for (const truth of truths) everything.addAll(truth);
const victim = files[1] as GeneratedFile;

/** One to three small changes: bits, bytes put in, taken out, copied from elsewhere, fields set. */
function mutate(bytes: Uint8Array, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  const pick = (most: number): number => random.next() % Math.max(1, most);
  for (let n = 1 + pick(3); n > 0; n--) {
    const at = pick(mutated.length);
    const length = 1 + pick(random.next() % 2 === 0 ? 4 : 600);
    const [before, behind] = [mutated.subarray(0, at), mutated.subarray(at)];
    switch (pick(6)) {
      case 0:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << pick(8));
        break;
      case 1:
        mutated = Buffer.concat([before, noise(random, length), behind]);
        break;
      case 2:
        mutated = Buffer.concat([before, behind.subarray(length)]);
        break;
      case 3: {
        const from = pick(mutated.length);
        mutated = Buffer.concat([before, mutated.subarray(from, from + length), behind]);
        break;
      }
      case 4: {
        const values = [0, -1, 1, 7, 8, 0x7fff_ffff, -0x8000_0000, 0xffff];
        if (behind.length >= 4) mutated.writeInt32LE(values[pick(values.length)] ?? 0, at);
        break;
      }
      default:
        mutated = Buffer.from(before);
    }
  }
  return mutated;
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.next() & 0xff));
}

/** The zip with one member's bytes replaced; its own checksums are right. */
function zipWith(bytes: Uint8Array): Buffer {
  return zipBytes(
    files.map((file) => ({ name: file.path, bytes: file === victim ? bytes : file.bytes })),
  );
}

interface Loaded {
  readonly delivered: SamplesByOrigin;
  readonly reads: readonly OriginReadEvent[];
  readonly path: string;
  readonly batches: readonly SeriesBatch[];
}

async function load(bytes: Uint8Array): Promise<Loaded> {
  const path = inFolder("fuzz.zip");
  await writeFile(path, bytes);
  const run = ingest(path).to(memorySink<SeriesBatch>());
  const reads: OriginReadEvent[] = [];
  const last = lastValueFrom(run.progress$);
  run.events$.subscribe((event) => {
    if (event.type === "origin-read") reads.push(event);
  });
  const delivered = new SamplesByOrigin();
  const batches = await run.result;
  for (const batch of batches) delivered.add(batch);
  const progress = await last;
  expect(progress.bytes.read, "bytes read at the end").toBe(progress.bytes.total);
  expect(new Set(reads.map(({ origin }) => origin)).size, "one outcome an origin").toBe(
    reads.length,
  );
  for (const { origin, count, outcome, problems } of reads) {
    expect(delivered.of(origin).size, origin).toBe(count);
    if (outcome === "failed" || outcome === "skipped") expect(count).toBe(0);
    expect(problems.length === 0).toBe(outcome === "ok");
  }
  return { delivered, reads, path, batches };
}

/** Every file has its outcome, and the two that nobody touched delivered what they hold. */
function expectOthersWhole({ delivered, reads, path }: Loaded): OriginReadEvent | undefined {
  const origins = files.map((file) => `${path}!${file.path}`);
  expect(reads.map(({ origin }) => origin)).toEqual(origins);
  for (const [i, file] of files.entries()) {
    if (file === victim) continue;
    const truth = truths[i] as SampleSet;
    const actual = delivered.of(origins[i] as string);
    expect(reads[i]?.outcome).toBe("ok");
    expect([...actual.lacks(truth), ...truth.lacks(actual)]).toEqual([]);
  }
  return reads[1];
}

const RUNS = 150;

async function fuzz(seed: number, check: (random: Random) => Promise<string>): Promise<void> {
  const endings = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(seed * 100_000 + run);
    try {
      const ending = await check(random);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    } catch (cause) {
      throw new Error(`Run ${run} of seed ${seed} failed: ${String(cause)}`, { cause });
    }
  }
  // Mutations that all end alike would reach nothing.
  expect(endings.size, [...endings.keys()].join()).toBeGreaterThan(1);
}

describe("a damaged archive", { timeout: 60_000 }, () => {
  it("loads as it is when nothing was damaged", async () => {
    const loaded = await load(zipWith(victim.bytes));
    expectOthersWhole(loaded);
    expect(
      loaded.delivered.of(`${loaded.path}!${victim.path}`).lacks(truths[1] as SampleSet),
    ).toEqual([]);
  });

  it("delivers of a damaged zip nothing that it does not hold", async () => {
    await fuzz(1, async (random) => {
      const { delivered, reads, path, batches } = await load(mutate(zipWith(victim.bytes), random));
      expect(reads.length).toBeGreaterThan(0);
      for (const origin of delivered.origins) {
        const i = files.findIndex((file) => origin === `${path}!${file.path}`);
        const truth = i >= 0 ? (truths[i] as SampleSet) : undefined;
        if (truth !== undefined) expect(truth.lacks(delivered.of(origin)), origin).toEqual([]);
      }
      // Names have no checksum in a zip, but it has each of them twice, so even serial numbers are right.
      for (const series of batches.flatMap((batch) => [...eachSeries(batch)])) {
        const found = new SampleSet();
        found.add(series.labels, series.timesMs, series.values);
        expect(everything.lacks(found)).toEqual([]);
      }
      return reads.map(({ outcome }) => outcome).join();
    });
  });

  it("delivers of a damaged gzip all or nothing", async () => {
    await fuzz(2, async (random) => {
      const loaded = await load(zipWith(mutate(victim.bytes, random)));
      const read = expectOthersWhole(loaded);
      const actual = loaded.delivered.of(`${loaded.path}!${victim.path}`);
      const truth = truths[1] as SampleSet;
      if (read?.outcome !== "failed") expect(actual.lacks(truth)).toEqual([]);
      expect(truth.lacks(actual)).toEqual([]);
      return read?.outcome ?? "";
    });
  });

  it("survives a damaged tar", async () => {
    await fuzz(3, async (random) => {
      const tar = mutate(gunzipSync(victim.bytes), random);
      return expectOthersWhole(await load(zipWith(gzipSync(tar, { level: 1 }))))?.outcome ?? "";
    });
  });

  it("survives a damaged .dat", async () => {
    const name = (victim.path.split("/").at(-1) ?? "").replace(/tgz$/, "dat");
    const tar = gunzipSync(victim.bytes);
    const size = Number.parseInt(tar.toString("latin1", 124, 135), 8);
    const dat = tar.subarray(512, 512 + size);
    await fuzz(4, async (random) => {
      const packed = tarGzip([{ name, bytes: mutate(dat, random) }], 0);
      return expectOthersWhole(await load(zipWith(packed)))?.outcome ?? "";
    });
  });
});
