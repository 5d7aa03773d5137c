import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { OriginReadEvent } from "@millrace/core";
import { describeSource, testContext } from "@millrace/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { zipBytes } from "../../test/zip-bytes.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { generateArchive } from "../testing/generate-archive.ts";
import { writeFolder, writeTgz, writeZip } from "../testing/write-archive.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { archive } from "./archive-source.ts";
import type { ArchiveLimits } from "./limits.ts";

const inFolder = temporaryFolder();
type Item = ArchiveMember | UnreadableMember;

const source = (inputs: string | readonly string[], limits: Partial<ArchiveLimits> = {}) =>
  archive(inputs, { identify: identifyPeriodFile, limits });

/** Everything that one pass says and delivers; paths without the temporary folder. */
async function read(inputs: string | readonly string[], limits: Partial<ArchiveLimits> = {}) {
  const context = testContext();
  const items: Item[] = [];
  for await (const item of source(inputs, limits).open(context)) items.push(item);
  const short = (text: string): string => text.replaceAll(`${inFolder("")}/`, "");
  const events = context.events as readonly OriginReadEvent[];
  return {
    items,
    meter: context.meter,
    origins: items.map(({ origin }) => short(origin)),
    errors: items.flatMap((item) => ("error" in item ? [item.error.code] : [])),
    said: events.map(({ origin, outcome }) => `${outcome} ${short(origin)}`),
    problems: events.map(({ problems }) => short(problems.join())),
  };
}

const stamp = (minute: number) =>
  `202510200${Math.floor(minute / 60)}${`${minute % 60}`.padStart(2, "0")}00`;
const member = (controller: number, minute: number, serial = "A1") =>
  `PerfData_D_SN_${serial}_SP${controller}_0_${stamp(minute)}.tgz`;
const bytes = (text: string) => Buffer.from(text);

async function zip(name: string, ...names: readonly string[]): Promise<string> {
  const path = inFolder(name);
  await writeFile(path, zipBytes(names.map((entry) => ({ name: entry, bytes: bytes(entry) }))));
  return path;
}

const generated = generateArchive({ profile: "tiny", filesPerController: 2, rowsPerFile: 2 });
const files = [...generated.files()];
const inOrder = [...files].sort((a, b) => (basename(a.path) < basename(b.path) ? -1 : 1));
const paths = { zip: "", folder: "", tgz: "", empty: "" };

beforeAll(async () => {
  paths.zip = inFolder("generated.zip");
  paths.folder = inFolder("generated");
  paths.tgz = inFolder(basename(files[0]?.path ?? ""));
  paths.empty = inFolder("empty");
  await writeZip(generated, paths.zip);
  await writeFolder(generated, paths.folder);
  await writeTgz(generated, paths.tgz);
  await mkdir(paths.empty);
});

for (const kind of ["zip", "folder"] as const) {
  describeSource<Item>(`archive: a ${kind}`, {
    create: () => source(paths[kind]),
    expected: inOrder.map(({ path, bytes: content }) => ({
      origin: path,
      path,
      bytes: content,
    })),
    equal: sameMember,
    createEmpty: () => source(paths.empty),
    createFailing: () => source([paths[kind], inFolder("none.zip")]),
  });
}

describeSource<Item>("archive: two single files", {
  create: async () => {
    const copy = inFolder(member(0, 7));
    await copyFile(paths.tgz, copy);
    return source([paths.tgz, copy]);
  },
  expected: [basename(files[0]?.path ?? ""), member(0, 7)].map((path) => ({
    origin: path,
    path,
    bytes: files[0]?.bytes as Uint8Array,
  })),
  equal: sameMember,
  createFailing: () => source(inFolder("none.tgz")),
});

function sameMember(actual: Item, expected: Item): boolean {
  if (!("bytes" in actual && "bytes" in expected)) return false;
  const same = Buffer.compare(actual.bytes, expected.bytes) === 0;
  return same && actual.path === expected.path && actual.origin.endsWith(expected.origin);
}

describe("archive", () => {
  it("orders members by array, controller and time, whatever their folders", async () => {
    const path = await zip(
      "order.zip",
      `z/${member(1, 15)}`,
      `a/${member(0, 30)}`,
      `m/${member(0, 15, "A0")}`,
      `z/${member(0, 15)}`,
      `b/${member(1, 0)}`,
    );
    expect((await read(path)).origins).toEqual([
      `order.zip!m/${member(0, 15, "A0")}`,
      `order.zip!z/${member(0, 15)}`,
      `order.zip!a/${member(0, 30)}`,
      `order.zip!b/${member(1, 0)}`,
      `order.zip!z/${member(1, 15)}`,
    ]);
  });

  it("skips equal copies inside an input and across inputs, by name and content", async () => {
    const [a, b] = [member(0, 0), member(0, 15)];
    const one = await zip("one.zip", a);
    await writeFile(
      inFolder("two.zip"),
      zipBytes([
        { name: `copy/${a}`, bytes: bytes(a) },
        { name: `other/${a}`, bytes: bytes("another content") },
        { name: b, bytes: bytes(a) },
      ]),
    );
    await copyFile(one, inFolder("one-copy.zip"));
    const inputs = [one, inFolder("two.zip"), inFolder("one-copy.zip")];
    const { origins, said, problems, meter } = await read(inputs);
    expect(origins).toEqual([`one.zip!${a}`, `two.zip!other/${a}`, `two.zip!${b}`]);
    expect(said).toEqual([`skipped two.zip!copy/${a}`, `skipped one-copy.zip!${a}`]);
    expect(problems[0]).toBe(`An equal copy of one.zip!${a}.`);
    expect(meter.originsTotal).toBe(5);
  });

  it("reads an input once, whatever paths lead to it, and says so", async () => {
    const folder = inFolder("again");
    await mkdir(folder);
    const one = await zip("again/one.zip", member(0, 0));
    await symlink(one, inFolder("again.zip"));
    const inputs = [folder, one, inFolder("again.zip"), `${folder}/`, one];
    const { origins, said, problems, meter } = await read(inputs);
    expect(origins).toEqual([`again/one.zip!${member(0, 0)}`]);
    expect(said).toEqual([
      "skipped again/one.zip (2)",
      "skipped again.zip",
      "skipped again/",
      "skipped again/one.zip (3)",
    ]);
    expect(problems).toEqual([
      "Given twice; it is read once.",
      "The same file as again/one.zip.",
      "The same file as again.",
      "Given twice; it is read once.",
    ]);
    expect(meter.bytes).toBe(meter.bytesTotal);
    expect(meter.originsTotal).toBe(5);
  });

  it("gives two files of one path in a zip an origin each", async () => {
    const a = member(0, 0);
    const path = inFolder("twice.zip");
    const entries = ["x", "y", "x"].map((text) => ({ name: a, bytes: bytes(text) }));
    await writeFile(path, zipBytes(entries));
    const { origins, said } = await read(path);
    expect(origins).toEqual([`twice.zip!${a}`, `twice.zip!${a} (2)`]);
    expect(said).toEqual([`skipped twice.zip!${a} (3)`]);
  });

  it("passes foreign files over and calls what cannot be opened inside a zip a loss", async () => {
    const a = member(0, 0);
    const path = await zip(
      "odd.zip",
      a,
      "readme.txt",
      `__MACOSX/._${a}`,
      `._${a}`,
      "in.rar",
      "in.zip",
      "in.7z",
    );
    const { origins, said } = await read(path);
    expect(origins).toEqual([`odd.zip!${a}`]);
    expect(said).toEqual([
      "skipped odd.zip!readme.txt",
      `skipped odd.zip!__MACOSX/._${a}`,
      `skipped odd.zip!._${a}`,
      "failed odd.zip!in.rar",
      "failed odd.zip!in.7z",
      "failed odd.zip!in.zip",
    ]);
  });

  it("reads the zips of a folder, and links to files", async () => {
    const folder = inFolder("mixed");
    await mkdir(`${folder}/deep`, { recursive: true });
    await writeFile(`${folder}/${member(0, 0)}`, "own");
    await writeFile(`${folder}/note.txt`, "");
    await zip("mixed/deep/in.zip", member(0, 15));
    await symlink(await zip("outside.zip", member(0, 30)), `${folder}/link.zip`);
    await symlink(`${folder}/gone`, `${folder}/${member(1, 0)}`);
    await writeFile(`${folder}/deep/broken.zip`, "no zip");
    await symlink("nowhere", `${folder}/dangling.zip`);
    const { origins, errors, said, problems, meter } = await read(folder);
    expect(origins).toEqual([
      `mixed!${member(0, 0)}`,
      `mixed!${member(1, 0)}`,
      `mixed/deep/in.zip!${member(0, 15)}`,
      `mixed/link.zip!${member(0, 30)}`,
    ]);
    expect(errors).toEqual(["NOT_FOUND"]);
    expect(said).toEqual([
      "skipped mixed!note.txt",
      "failed mixed/dangling.zip",
      "failed mixed/deep/broken.zip",
    ]);
    expect(problems[1]).toContain("is a link to mixed/nowhere, which does not exist.");
    expect(meter.bytes).toBe(meter.bytesTotal);
    expect(meter.originsTotal).toBe(7);
  });

  it("rejects for an input that does not exist, before it reads anything", async () => {
    const context = testContext();
    const pass = source([paths.zip, inFolder("nothing")])
      .open(context)
      [Symbol.asyncIterator]();
    await expect(pass.next()).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("nothing does not exist"),
    });
    expect(context.events).toEqual([]);
  });

  it("names what a link leads to, where nothing is", async () => {
    const links = ["direct.zip", "detour.zip", "circle.zip"].map(inFolder);
    const [direct = "", detour = "", circle = ""] = links;
    await symlink("gone.zip", direct);
    await symlink("direct.zip", detour);
    await symlink("circle.zip", circle);
    const gone = `is a link to ${inFolder("gone.zip")}, which does not exist.`;
    await expect(read(direct)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `${direct} ${gone}`,
    });
    await expect(read([paths.zip, detour])).rejects.toThrow(`${detour} ${gone}`);
    await expect(read(circle)).rejects.toThrow("a link that leads in a circle");
    await expect(read(`${paths.tgz}/x.zip`)).rejects.toThrow(/cannot be read: ENOTDIR/);
  });

  it("calls a file whose name in the directory of its zip was damaged a loss", async () => {
    const a = member(0, 0);
    const names = [a, a.replace(/z$/, "{"), a.replace("tgz", "tg/"), `._${a}`, "readme.txt"];
    const path = inFolder("names.zip");
    const entries = names.map((name, i) => ({
      name,
      ...(i < 4 ? { localName: a } : {}),
      bytes: bytes(`${i}`),
    }));
    await writeFile(path, zipBytes(entries));
    const { origins, said, problems } = await read(path);
    expect(origins).toEqual([`names.zip!${a}`]);
    expect(said).toEqual([
      `failed names.zip!${names[1]}`,
      `failed names.zip!${names[2]}`,
      `failed names.zip!${names[3]}`,
      "skipped names.zip!readme.txt",
    ]);
    const at = a.length - 1;
    expect(problems[0]).toContain(
      `the other one is ${a}: byte ${at} is 0x7b in its directory and 0x7a before the data.`,
    );
    expect(problems[2]).toContain(`one of ${a.length + 2} bytes in its directory and one of`);
  });

  it("goes on behind inputs that cannot be opened", async () => {
    const a = await zip("good-a.zip", member(0, 0));
    const b = await zip("good-b.zip", member(0, 15));
    const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
      [
        "truncated.zip",
        zipBytes([{ name: "x", bytes: bytes("x") }]).subarray(0, -9),
        /Cannot read/,
      ],
      ["text.zip", bytes("no zip at all"), /called \.zip but is none/],
      ["nothing.zip", bytes(""), /called \.zip but is none/],
      ["seven.7z", Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), /7z archive/],
      ["picture.png", bytes("png"), /no archive that is known/],
    ];
    for (const [name, content] of bad) await writeFile(inFolder(name), content);
    const { origins, said, problems, meter } = await read([
      a,
      ...bad.map(([name]) => inFolder(name)),
      b,
    ]);
    expect(origins).toEqual([`good-a.zip!${member(0, 0)}`, `good-b.zip!${member(0, 15)}`]);
    expect(said).toEqual(bad.map(([name]) => `failed ${name}`));
    for (const [i, [, , message]] of bad.entries()) expect(problems[i]).toMatch(message);
    expect(meter.bytes).toBe(meter.bytesTotal);
    expect(meter.originsTotal).toBe(7);
  });

  it("reads a zip whatever it is called", async () => {
    expect((await read(await zip("zip-called.tgz", member(0, 0)))).origins).toHaveLength(1);
  });

  it("reads a single .dat", async () => {
    await writeFile(inFolder("x.dat"), "content");
    const { items } = await read(inFolder("x.dat"));
    expect(items).toEqual([
      { origin: inFolder("x.dat"), path: "x.dat", bytes: Buffer.from("content") },
    ]);
  });

  it("delivers nothing of an empty zip and an empty folder", async () => {
    const { items, said, meter } = await read([await zip("empty.zip"), paths.empty]);
    expect({ items, said }).toEqual({ items: [], said: [] });
    expect(meter).toEqual({ bytes: 22, bytesTotal: 22, origins: 0, originsTotal: 0 });
  });

  it("keeps to the limit of members, and reads the next input", async () => {
    const many = await zip("many.zip", member(0, 0), member(0, 1), member(0, 2));
    const few = await zip("few.zip", member(0, 3), member(0, 4));
    const { origins, said } = await read([many, few, paths.folder], { members: 2 });
    expect(origins).toEqual([`few.zip!${member(0, 3)}`, `few.zip!${member(0, 4)}`]);
    expect(said).toEqual(["failed many.zip", "failed generated"]);
  });

  it("delivers a member that cannot be read in its place", async () => {
    const names = [member(0, 0), member(0, 15), member(0, 30)];
    const path = inFolder("damaged.zip");
    const entries = names.map((name, i) => ({
      name,
      bytes: bytes(name),
      ...(i === 1 ? { crc: 1 } : {}),
    }));
    await writeFile(path, zipBytes(entries));
    const { origins, errors, items } = await read(path);
    expect(origins).toEqual(names.map((name) => `damaged.zip!${name}`));
    expect(errors).toEqual(["CORRUPT_INPUT"]);
    expect(items[1]).toHaveProperty("error");
  });

  it("never counts beyond the size of its inputs, whatever a directory says", async () => {
    const lying = zipBytes(
      [member(0, 0), member(0, 15)].map((name) => ({ name, bytes: bytes(name) })),
    );
    for (let at = lying.indexOf("PK\x01\x02"); at >= 0; at = lying.indexOf("PK\x01\x02", at + 1)) {
      lying.writeUInt32LE(0x7000_0000, at + 20);
    }
    await writeFile(inFolder("lying.zip"), lying);
    const { meter, errors } = await read([inFolder("lying.zip"), paths.zip]);
    expect(errors).toEqual(["CORRUPT_INPUT", "CORRUPT_INPUT"]);
    expect(meter.bytes).toBe(meter.bytesTotal);
  });

  it.each(["zip", "folder", "tgz"] as const)(
    "has read all bytes of a %s at the end",
    async (kind) => {
      const context = testContext();
      const seen: number[] = [];
      for await (const _ of source(paths[kind]).open(context)) seen.push(context.meter.bytes);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(context.meter.bytes).toBe(context.meter.bytesTotal);
      expect(context.meter.originsTotal).toBe(seen.length);
      expect(context.meter.bytesTotal).toBeGreaterThan(0);
    },
  );

  it("refuses limits that are none", () => {
    expect(() => source(paths.zip, { members: 0 })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});
