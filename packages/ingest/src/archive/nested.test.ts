import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { OriginReadEvent, RunEvent } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { sevenZipBytes } from "../../test/seven-zip-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type ZipEntry, zipBytes } from "../../test/zip-bytes.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import { writeZip } from "../testing/write-archive.ts";
import { archive } from "./archive-source.ts";
import type { ArchiveLimits } from "./limits.ts";

const inFolder = temporaryFolder();
let written = 0;

const member = (minute: number) => `PerfData_D_SN_A1_SP0_0_2025102000${minute + 10}00.tgz`;
const [a, b, c] = [member(0), member(1), member(2)];
const file = (name: string): ZipEntry => ({ name, bytes: Buffer.from(name) });
const packed = (name: string, bytes: Uint8Array): ZipEntry => ({ name, bytes, deflate: true });
const stored = (name: string, bytes: Uint8Array): ZipEntry => ({ name, bytes });

/** What comes of these bytes as `x.zip` or `x.7z`. */
async function read(
  bytes: Uint8Array,
  limits: Partial<ArchiveLimits> = {},
  ending = "zip",
  spillFolder?: string,
) {
  const path = inFolder(`${written++}.${ending}`);
  await writeFile(path, bytes);
  const context = testContext();
  const short = (text: string) => text.replaceAll(path, "x");
  const origins: string[] = [];
  const source = archive(path, { identify: identifyPeriodFile, limits, spillFolder });
  for await (const item of source.open(context)) {
    const problem = "error" in item ? ` ${item.error.code}` : "";
    if ("bytes" in item) expect(Buffer.from(item.bytes).toString()).toBe(basename(item.path));
    origins.push(short(item.origin) + problem);
  }
  const events = context.events as readonly RunEvent[];
  const ends = events.filter((event): event is OriginReadEvent => event.type === "origin-read");
  return {
    origins,
    meter: context.meter,
    failed: ends.filter(({ outcome }) => outcome === "failed").map(({ origin }) => short(origin)),
    problems: ends.map(({ problems }) => short(problems.join())).join("\n"),
    warnings: events.flatMap((event) => (event.type === "warning" ? [short(event.message)] : [])),
  };
}

describe("a zip in a zip", () => {
  const inner = zipBytes([file(b), packed(c, Buffer.from(c)), file("readme.txt")]);

  it.each([
    ["stored", stored],
    ["deflated", packed],
  ])("is read when %s, behind the files around it", async (_how, pack) => {
    const { origins, failed, meter } = await read(zipBytes([pack("d/inner.zip", inner), file(a)]));
    expect(origins).toEqual([`x!${a}`, `x!d/inner.zip!${b}`, `x!d/inner.zip!${c}`]);
    expect(failed).toEqual([]);
    expect(meter).toMatchObject({ originsTotal: 4 });
    expect(meter.bytes).toBe(meter.bytesTotal);
  });

  it("takes no memory when stored, whatever its size", async () => {
    const large = zipBytes([stored("noise.bin", randomBytes(100_000)), file(b)]);
    const limits = { nestedBytes: 1_000 };
    expect((await read(zipBytes([stored("i.zip", large)]), limits)).origins).toEqual([
      `x!i.zip!${b}`,
    ]);
    const { origins, problems } = await read(zipBytes([packed("i.zip", large), file(a)]), limits);
    expect(origins).toEqual([`x!${a}`]);
    expect(problems).toMatch(
      /^x!i\.zip takes \d+ bytes of memory .* raise the limit "nestedBytes"/,
    );
  });

  it("is read three archives deep, and no deeper", async () => {
    const nest = (times: number): Buffer =>
      times === 0 ? inner : zipBytes([packed(`${times}.zip`, nest(times - 1))]);
    expect((await read(nest(3))).origins).toHaveLength(2);
    const { origins, failed, problems } = await read(nest(4));
    expect(origins).toEqual([]);
    expect(failed).toEqual(["x!4.zip!3.zip!2.zip!1.zip"]);
    expect(problems).toContain('lies more than 3 archives deep; raise the limit "nestedDepth"');
    expect((await read(nest(4), { nestedDepth: 4 })).origins).toHaveLength(2);
  });

  it("gives its memory back", async () => {
    const half = packed("x", randomBytes(600));
    const zips = Array.from({ length: 5 }, (_, i) =>
      packed(`${i}.zip`, zipBytes([half, file(member(i))])),
    );
    const { origins, failed } = await read(zipBytes(zips), { nestedBytes: 1_500 });
    expect(failed).toEqual([]);
    expect(origins).toHaveLength(5);
  });

  it("is refused when it unpacks by more than the ratio", async () => {
    const bomb = zipBytes([stored("zeros", Buffer.alloc(20_000_000)), file(b)]);
    const { origins, problems } = await read(zipBytes([packed("bomb.zip", bomb), file(a)]));
    expect(origins).toEqual([`x!${a}`]);
    expect(problems).toMatch(
      /unpacks from \d+ to \d+ bytes, by more than 250; raise the limit "ratio"/,
    );
  });

  it("is counted, with its files", async () => {
    const zips = Array.from({ length: 6 }, (_, i) =>
      stored(`${i}.zip`, zipBytes([file(member(i))])),
    );
    const few = await read(zipBytes(zips), { nestedArchives: 4 });
    expect(few.origins).toHaveLength(4);
    expect(few.problems).toContain(
      'is beyond the first 4 archives; raise the limit "nestedArchives"',
    );
    const small = await read(zipBytes(zips), { members: 6 });
    expect(small.origins).toHaveLength(6);
    const pairs = zips.map(({ name }, i) => {
      return stored(String(name), zipBytes([file(member(2 * i)), file(member(2 * i + 1))]));
    });
    const many = await read(zipBytes(pairs), { members: 6 });
    expect(many.origins).toHaveLength(6);
    expect(many.problems).toContain('list more than 6 files; raise the limit "members"');
  });

  it("is refused when it declares sizes beyond all sizes, or one part many times", async () => {
    for (const size of [2 ** 31, 2 ** 32 - 2, 2 ** 40]) {
      const entry = { name: "in.zip", bytes: inner, size, zip64: true, deflate: true };
      const { origins, failed } = await read(zipBytes([entry, file(a)], true));
      expect(origins).toEqual([`x!${a}`]);
      expect(failed).toEqual(["x!in.zip"]);
    }
    // Every entry of the directory leads to the first one's data: a small file that unpacks without end.
    const zeros = zipBytes([stored("zeros", Buffer.alloc(1_500_000))]);
    const bomb = zipBytes(Array.from({ length: 40 }, () => packed("in.zip", zeros)));
    for (let at = bomb.indexOf("PK\x01\x02"); at >= 0; at = bomb.indexOf("PK\x01\x02", at + 4)) {
      bomb.writeUInt32LE(0, at + 42);
    }
    const { problems } = await read(bomb, { nestedBytes: 2_000_000 });
    expect(problems).toContain("the archives inside this input unpack to more than");
  });

  it("keeps names that try to leave it as names", async () => {
    const slip = zipBytes(
      [file(`../../${b}`), file(`/etc/${c}`)].map((entry) => {
        return { ...entry, bytes: Buffer.from(String(entry.name).replace(/.*\//, "")) };
      }),
    );
    const { origins } = await read(zipBytes([packed("../up.zip", slip)]));
    expect(origins).toEqual([`x!../up.zip!../../${b}`, `x!../up.zip!/etc/${c}`]);
  });

  it("never stops the rest, however it is damaged", { timeout: 60_000 }, async () => {
    const whole = zipBytes([packed("in.zip", inner), file(a)]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(inner.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(inner.length)),
        fc.boolean(),
        async (flips, cut, deflate) => {
          const bad = Buffer.from(inner.subarray(0, cut ?? inner.length));
          for (const [at, value] of flips) if (at < bad.length) bad[at] = value;
          const entry = { name: "in.zip", bytes: bad, deflate };
          const found = await readQuietly(zipBytes([entry, file(a)]));
          expect(found[0]).toBe(`x!${a}`);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    expect((await read(whole)).origins).toHaveLength(3);
  });
});

/** As `read`, for damaged bytes whose contents need not equal their names. */
async function readQuietly(bytes: Uint8Array, ending = "zip"): Promise<string[]> {
  const path = inFolder(`${written++}.${ending}`);
  await writeFile(path, bytes);
  const origins: string[] = [];
  const source = archive(path, { identify: identifyPeriodFile });
  for await (const { origin } of source.open(testContext())) {
    origins.push(origin.replaceAll(path, "x"));
  }
  return origins;
}

describe("an archive in an archive that takes more memory than there is", () => {
  const large = zipBytes([stored("noise.bin", randomBytes(3_000_000)), file(b), file(c)]);
  const limits = { nestedBytes: 1_000_000 };

  it.each([
    ["a zip", "zip", async () => zipBytes([packed("i.zip", large), file(a)])],
    [
      "a 7z",
      "7z",
      async () =>
        await sevenZipBytes([
          ["i.zip", large],
          [a, Buffer.from(a)],
        ]),
    ],
  ])(
    "goes to the folder that was named, out of %s, and leaves nothing there",
    async (_, ending, bytes) => {
      const folder = inFolder(`spill-${ending}`);
      const { origins, failed } = await read(await bytes(), limits, ending, folder);
      expect([...origins].sort()).toEqual([`x!${a}`, `x!i.zip!${b}`, `x!i.zip!${c}`].sort());
      expect(failed).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it("still may not unpack by more than the ratio, nor lie about its size or checksum", async () => {
    const folder = inFolder("spill-bad");
    const bomb = zipBytes([stored("zeros", Buffer.alloc(20_000_000)), file(b)]);
    const bombed = await read(zipBytes([packed("bomb.zip", bomb), file(a)]), limits, "zip", folder);
    expect(bombed.origins).toEqual([`x!${a}`]);
    expect(bombed.problems).toMatch(/raise the limit "ratio"/);
    const whole = zipBytes([packed("i.zip", large), file(a)]);
    // Somewhere in the middle of the packed bytes.
    whole.writeUInt8(whole.readUInt8(1_500_000) ^ 0xff, 1_500_000);
    const damaged = await read(whole, limits, "zip", folder);
    expect(damaged.origins).toEqual([`x!${a}`]);
    expect(damaged.problems).toMatch(/x!i\.zip/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a 7z", () => {
  const inner = zipBytes([file(c), file(b)]);
  const folder = "DataCollect/History_Performance_Data/10.0.0.1";

  it("is read forward, the zips in it too, and says so", async () => {
    const bytes = await sevenZipBytes([
      [`${folder}/(10.0.0.1)h_Perf_1.zip`, inner],
      [`${folder}/${a}`, Buffer.from(a)],
      ["readme.txt", Buffer.from("?")],
    ]);
    const { origins, failed, warnings, meter } = await read(bytes, {}, "7z");
    expect([...origins].sort()).toEqual(
      [
        `x!${folder}/(10.0.0.1)h_Perf_1.zip!${b}`,
        `x!${folder}/(10.0.0.1)h_Perf_1.zip!${c}`,
        `x!${folder}/${a}`,
      ].sort(),
    );
    expect(failed).toEqual([]);
    expect(warnings).toEqual([
      "x is a 7z, so its files are read in the order in which they were packed.",
    ]);
    expect(meter).toMatchObject({ originsTotal: 4 });
    expect(meter.bytes).toBe(bytes.length);
  });

  it("is read inside a zip", async () => {
    const bytes = await sevenZipBytes([[a, Buffer.from(a)]]);
    expect((await read(zipBytes([stored("i.7z", bytes)]))).origins).toEqual([`x!i.7z!${a}`]);
  });

  it.each([
    ["Copy", ["-mx=0"]],
    ["LZMA2", ["-mx=9"]],
    ["LZMA", ["-m0=lzma"]],
    ["PPMd", ["-m0=ppmd"]],
    ["BZip2", ["-m0=bzip2"]],
    ["Deflate", ["-m0=deflate"]],
    ["not solid", ["-ms=off"]],
    ["plain header", ["-mhc=off"]],
  ])("is read when packed by %s", async (_method, options) => {
    const files = Array.from({ length: 5 }, (_, i) => {
      return [member(i), Buffer.from(member(i))] as const;
    });
    const { origins, problems } = await read(await sevenZipBytes(files, options), {}, "7z");
    expect(problems).toBe("");
    expect(origins).toEqual(files.map(([name]) => `x!${name}`));
  });

  it.each([
    [["-psecret"], /encrypted; extract it with its password first/],
    [["-psecret", "-mhe=on"], /encrypted; extract it with its password first/],
  ])("is refused when encrypted: %j", async (options, message) => {
    const { origins, problems } = await read(
      await sevenZipBytes([["n.zip", inner]], options),
      {},
      "7z",
    );
    expect(origins).toEqual([]);
    expect(problems).toMatch(message);
  });

  it("shows letters that are not ASCII as stars, as its decoder does", async () => {
    const name = `каталог/目录/${a}`;
    const { origins } = await read(await sevenZipBytes([[name, Buffer.from(a)]]), {}, "7z");
    expect(origins).toEqual([`x!*******/**/${a}`]);
  });

  it("says what to install when its decoder is missing", async () => {
    vi.doMock("libarchive-wasm", () => {
      throw new Error("not found");
    });
    const { problems } = await read(await sevenZipBytes([[a, Buffer.from(a)]]), {}, "7z");
    vi.doUnmock("libarchive-wasm");
    expect(problems).toMatch(/cannot be loaded; install it: npm install libarchive-wasm@\^1\.2\.0/);
  });

  it("keeps to its limits", async () => {
    const bytes = await sevenZipBytes([
      ["i.zip", zipBytes([stored("x", randomBytes(5_000)), file(b)])],
    ]);
    expect((await read(bytes, { sevenZipBytes: 100 }, "7z")).problems).toContain('"sevenZipBytes"');
    expect((await read(bytes, { nestedBytes: 1_000 }, "7z")).problems).toContain('"nestedBytes"');
    const zeros = await sevenZipBytes([
      ["big.txt", Buffer.alloc(60_000_000)],
      [a, Buffer.from(a)],
    ]);
    const bomb = await read(zeros, { nestedBytes: 1_000_000, ratio: 10 }, "7z");
    expect(bomb.problems).toContain("unpack to more than 8388608 bytes");
  });

  it("is called corrupt when cut anywhere or changed", { timeout: 60_000 }, async () => {
    const bytes = await sevenZipBytes(
      [
        [a, Buffer.from(a)],
        [b, Buffer.from(b)],
      ],
      ["-mx=0"],
    );
    for (const cut of [6, 20, 31, 32, 100, bytes.length - 40, bytes.length - 1]) {
      const { origins, problems } = await read(bytes.subarray(0, cut), {}, "7z");
      expect(origins).toEqual([]);
      expect(problems).toMatch(/x is no intact 7z archive/);
    }
    const changed = Buffer.from(bytes);
    const at = changed.indexOf(a);
    changed[at + 5] = 1;
    const { origins } = await read(changed, {}, "7z");
    expect(origins).toContain(`x!${a} CORRUPT_INPUT`);
  });

  it("never hangs or crashes, however it is damaged", { timeout: 120_000 }, async () => {
    const bytes = await sevenZipBytes([
      [a, Buffer.from(a)],
      ["i.zip", inner],
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (flips) => {
          const bad = Buffer.from(bytes);
          for (const [at, value] of flips) bad[at] = value;
          await readQuietly(bad, "7z");
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });
});

describe("an archive from an array, in other archives", () => {
  const generated = generateArchive({ profile: "tiny", filesPerController: 3 });

  it("gives the same samples, and writes nothing to the disk", { timeout: 60_000 }, async () => {
    const plain = inFolder("plain.zip");
    const { samples } = await writeZip(generated, plain);
    const bytes = await readFile(plain);
    const packedTwice = inFolder("twice.zip");
    await writeFile(packedTwice, zipBytes([packed("a.zip", bytes), stored("b/c.txt", bytes)]));
    const collected = inFolder("collected.7z");
    await writeFile(collected, await sevenZipBytes([["DataCollect/10.0.0.1/p.zip", bytes]]));
    // Node itself refuses every write of the child.
    const script = `
      import { discard } from "@millrace/core";
      import { collectReport, ingest, inspect } from "@millrace/ingest";
      for (const path of process.argv.slice(1)) {
        const { samples, complete } = await collectReport(ingest(path).to(discard()));
        const { arrays } = await inspect(path);
        console.log(complete, samples.parsed, arrays[0].samples);
      }`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        "--permission",
        "--allow-fs-read=*",
        "--conditions=@millrace/source",
        "--input-type=module",
        "--eval",
        script,
        plain,
        packedTwice,
        collected,
      ],
      { cwd: fileURLToPath(new URL("../../../../docs", import.meta.url)) },
    );
    const line = `true ${samples} ${samples}\n`;
    expect(stdout).toBe(line.repeat(3));
  });
});
