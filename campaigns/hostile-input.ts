import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type GeneratedFile, generateArchive } from "@millrace/ingest/testing";
import { expectedSamples } from "../packages/ingest/test/expected-samples.ts";
import type { SampleSet } from "../packages/ingest/test/sample-set.ts";
import { sevenZipBytes } from "../packages/ingest/test/seven-zip-bytes.ts";
import { tarBytes } from "../packages/ingest/test/tar-bytes.ts";
import { type ZipEntry, zipBytes } from "../packages/ingest/test/zip-bytes.ts";
import { seededRandom } from "../packages/vm-sink/test/seeded-random.ts";
import {
  type Dice,
  type Forged,
  forgeDat,
  forgeGzip,
  forgeSevenZip,
  forgeTar,
  forgeZip,
} from "./hostile-fields.ts";

/** A file of the archive as it was made. */
export interface TrueFile {
  /** What its origin ends with. */
  readonly path: string;
  readonly samples: SampleSet;
  /** True where the attack may have cost it. */
  readonly isTouched: boolean;
  /** True where it is another file now, as sound as any. */
  readonly isAnother: boolean;
}

/** An archive of an attacker, on the disk. */
export interface HostileInput {
  readonly path: string;
  readonly family: string;
  readonly what: string;
  readonly files: readonly TrueFile[];
  /** True where reading all of it would be wrong: it is beyond a limit. */
  readonly mustFail: boolean;
}

type Attack = (made: Made, dice: Dice) => Promise<Omit<HostileInput, "family">>;

interface Made {
  readonly folder: string;
  readonly files: readonly GeneratedFile[];
}

/** Everything about a seed's input follows from the seed; families take turns. */
export async function hostileInput(seed: number, folder: string): Promise<HostileInput> {
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const dice: Dice = { below, pick: (items) => items[below(items.length)] as never };
  const archive = generateArchive({
    seed,
    profile: "tiny",
    arrays: [{ serial: `H${seed}`, controllers: 1 }],
    filesPerController: 3,
    rowsPerFile: 2 + below(3),
    blocksPerFile: 1 + below(2),
  });
  const names = Object.keys(FAMILIES);
  const family = names[seed % names.length] as string;
  const made = { folder, files: [...archive.files()] };
  return { family, ...(await (FAMILIES[family] as Attack)(made, dice)) };
}

const VICTIM = 1;

const FAMILIES: Readonly<Record<string, Attack>> = {
  "zip structure": async (made, dice) => {
    return await written(made, "archive.zip", forgeZip(entriesOf(made), VICTIM, dice));
  },
  "zip names": async (made, dice) => {
    const [name, localName] = dice.pick(NAMES);
    const listed = entriesOf(made).map((entry, i): ZipEntry => {
      return i === VICTIM ? { ...entry, name, localName: localName ?? name } : entry;
    });
    const text = JSON.stringify(String(name)).slice(0, 60);
    return await written(made, "archive.zip", {
      bytes: zipBytes(listed),
      what: `the name ${text}`,
      isAnother: true,
    });
  },
  gzip: async (made, dice) => {
    const forged = forgeGzip((made.files[VICTIM] as GeneratedFile).bytes, dice);
    return await written(made, "archive.zip", withVictim(made, forged));
  },
  tar: async (made, dice) => {
    const forged = forgeTar((made.files[VICTIM] as GeneratedFile).bytes, dice);
    return await written(made, "archive.zip", withVictim(made, forged));
  },
  dat: async (made, dice) => {
    const { path, bytes } = made.files[VICTIM] as GeneratedFile;
    const forged = forgeDat(datOf(bytes), dice);
    const name = `${(path.split("/").at(-1) as string).replace(/\.tgz$/, "")}.dat`;
    const packed = gzipSync(await tarBytes([[{ name }, forged.bytes]]));
    return await written(made, "archive.zip", withVictim(made, { ...forged, bytes: packed }));
  },
  "7z": async (made, dice) => {
    const archive = await sevenZipBytes(
      made.files.map(({ path, bytes }) => [path, bytes] as const),
      [dice.pick(["-mx=1", "-mx=5", "-ms=off", "-mhc=off"])],
    );
    return await written(made, "archive.7z", forgeSevenZip(archive, dice));
  },
  nested: async (made, dice) => {
    const depth = 1 + dice.below(6);
    const forged =
      dice.below(2) === 0
        ? forgeZip(entriesOf(made), VICTIM, dice)
        : { bytes: zipBytes(entriesOf(made)), what: "sound" };
    let { bytes } = forged;
    for (let i = 1; i <= depth; i++) {
      const deflate = dice.below(2) === 0;
      bytes = zipBytes([{ name: `${i}.zip`, bytes, deflate }]);
    }
    const input = await written(made, "archive.zip", { ...forged, bytes });
    const mustFail = depth > 3;
    const files = mustFail
      ? input.files.map((file) => ({ ...file, isTouched: true }))
      : input.files;
    return { ...input, files, mustFail, what: `${depth} deep, inside ${forged.what}` };
  },
  folder: async (made, dice) => {
    const path = join(made.folder, "collected");
    for (const { path: name, bytes } of made.files) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), bytes);
    }
    const what: string[] = [];
    for (let i = 0; i < 3; i++) {
      const [name, add] = dice.pick(ODDITIES);
      if (what.includes(name)) continue;
      what.push(name);
      await add(path);
    }
    return { path, what: what.join(", "), files: trueFiles(made, {}), mustFail: false };
  },
};

const NAMES: readonly (readonly [name: string | Uint8Array, localName?: string | Uint8Array])[] = [
  ["../../../../etc/PerfData_SN_X_SP0_1.tgz"],
  ["/etc/cron.d/PerfData_SN_X_SP0_1.tgz"],
  ["C:\\Windows\\PerfData_SN_X_SP0_1.tgz"],
  ["a\0b.tgz"],
  ["a\nb\r.tgz"],
  ["\u001b[2J\u001b]0;owned\u0007.tgz"],
  ["\u202egzt.exe.tgz"],
  ["x".repeat(60_000)],
  [`${"x/".repeat(30_000)}a.tgz`],
  ["_SN_".repeat(10_000)],
  [`${"(1.".repeat(10_000)}.tgz`],
  [""],
  ["/"],
  ["folder/"],
  ["__proto__.tgz"],
  [Buffer.from([0xff, 0xfe, 0x2e, 0x74, 0x67, 0x7a])],
  ["one.tgz", "two.tgz"],
  ["a.zip"],
  ["a.7z"],
];

const ODDITIES: readonly (readonly [string, (folder: string) => Promise<unknown>])[] = [
  ["a link to the folder above", (folder) => symlink("..", join(folder, "up"))],
  ["a link to itself", (folder) => symlink("loop.tgz", join(folder, "loop.tgz"))],
  ["a link to nothing", (folder) => symlink("gone.tgz", join(folder, "gone.tgz"))],
  ["a link to a device", (folder) => symlink("/dev/zero", join(folder, "zero.dat"))],
  ["a link to a terminal", (folder) => symlink("/dev/tty", join(folder, "tty.tgz"))],
  ["a pipe", async (folder) => execFileSync("mkfifo", [join(folder, "pipe.tgz")])],
  ["a pipe for a zip", async (folder) => execFileSync("mkfifo", [join(folder, "pipe.zip")])],
  ["control characters", (folder) => writeFile(join(folder, "\u001b[2J\n\u009b1m.tgz"), "x")],
  ["an empty zip", (folder) => writeFile(join(folder, "empty.zip"), "")],
  [
    "a folder that cannot be listed",
    async (folder) => {
      await mkdir(join(folder, "closed"));
      await chmod(join(folder, "closed"), 0);
    },
  ],
  [
    "a file that cannot be read",
    async (folder) => {
      await writeFile(join(folder, "closed.tgz"), "x");
      await chmod(join(folder, "closed.tgz"), 0);
    },
  ],
  [
    "folders within folders",
    (folder) => mkdir(join(folder, "d/".repeat(400)), { recursive: true }),
  ],
];

function entriesOf({ files }: Made): readonly ZipEntry[] {
  return files.map(({ path, bytes }) => ({ name: path, bytes }));
}

/** The zip with other bytes in one place, and its own checksums right. */
function withVictim(made: Made, forged: Forged): Forged {
  const entries = entriesOf(made).map((entry, i) =>
    i === VICTIM ? { ...entry, bytes: forged.bytes } : entry,
  );
  return { ...forged, bytes: zipBytes(entries) };
}

async function written(
  made: Made,
  name: string,
  forged: Forged,
): Promise<Omit<HostileInput, "family">> {
  const path = join(made.folder, name);
  await writeFile(path, forged.bytes);
  return { path, what: forged.what, files: trueFiles(made, forged, VICTIM), mustFail: false };
}

function trueFiles(
  { files }: Made,
  { costsAll = false, isAnother = false }: Partial<Forged>,
  victim?: number,
): readonly TrueFile[] {
  return files.map((file, i) => ({
    path: file.path,
    samples: expectedSamples(file),
    isTouched: costsAll || i === victim,
    isAnother: isAnother && (costsAll || i === victim),
  }));
}

function datOf(packed: Uint8Array): Buffer {
  const tar = gunzipSync(packed);
  const size = Number.parseInt(tar.toString("latin1", 124, 135), 8);
  return tar.subarray(512, 512 + size);
}
