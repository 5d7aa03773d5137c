import { MillraceError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { aviChunk, aviList, joinedBytes, smallAvi } from "../../test/small-avi.ts";
import { memoryBytes } from "../bytes/memory-bytes.ts";
import { readContainer } from "./read-container.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const u32 = (...values: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4);
  for (const [at, value] of values.entries()) new DataView(bytes.buffer).setUint32(at * 4, value);
  return bytes;
};
const box = (type: string, ...body: readonly Uint8Array[]): Uint8Array => {
  const inner = joinedBytes(body);
  return joinedBytes([u32(inner.length + 8), text(type), inner]);
};
const element = (id: number, ...body: readonly Uint8Array[]): Uint8Array => {
  const inner = joinedBytes(body);
  const name = [...u32(id)].slice(Math.clz32(id) >> 3);
  return joinedBytes([Uint8Array.from([...name, 0x08]), u32(inner.length), inner]);
};
const read = (...parts: readonly Uint8Array[]) => readContainer(memoryBytes(joinedBytes(parts)));
const packetsOf = async (...parts: readonly Uint8Array[]): Promise<number> => {
  const { tracks } = await read(...parts);
  return tracks.reduce((sum, { packets }) => sum + packets.count, 0);
};

interface TrackParts {
  readonly entry?: Uint8Array;
  readonly tables?: readonly Uint8Array[];
  readonly edits?: readonly Uint8Array[];
  readonly id?: number;
}

const sampleEntry = (type: string, ...inner: readonly Uint8Array[]): Uint8Array =>
  box(type, new Uint8Array(78), ...inner);

function trackBox({ entry, tables = [], edits = [], id = 1 }: TrackParts): Uint8Array {
  const stbl = box("stbl", box("stsd", u32(0, 1), entry ?? sampleEntry("jpeg")), ...tables);
  return box(
    "trak",
    box("tkhd", u32(0, 0, 0, id), new Uint8Array(68)),
    ...edits,
    box(
      "mdia",
      box("mdhd", u32(0, 0, 0, 1000, 0, 0)),
      box("hdlr", u32(0, 0), text("vide"), new Uint8Array(12)),
      box("minf", stbl),
    ),
  );
}

const movie = (...inside: readonly Uint8Array[]): Uint8Array =>
  joinedBytes([
    box("ftyp", text("isom")),
    box("moov", box("mvhd", u32(0, 0, 0, 1000, 0)), ...inside),
  ]);

/** Samples that are all alike: they take no room in the table. */
const alike = (size: number, count: number): readonly Uint8Array[] => [
  box("stsz", u32(0, size, count)),
  box("stco", u32(0, 1, 0)),
  box("stsc", u32(0, 1, 1, 0xffffffff, 1)),
  box("stts", u32(0, 1, count, 1)),
];

describe("MP4 files that lie", () => {
  it("comes to an end where the size of a descriptor leads backwards", async () => {
    const esds = box("esds", u32(0), Uint8Array.of(9, 0x8f, 0xff, 0xff, 0xff, 0x7a, 0, 0, 0, 0));
    expect(await packetsOf(movie(trackBox({ entry: sampleEntry("mp4v", esds) })))).toBe(0);
  });

  it("makes no more packets of tables without room than the file has bytes, over all tracks", async () => {
    const tracks = Array.from({ length: 20 }, (_, id) =>
      trackBox({ id, tables: alike(1, 0xffffffff) }),
    );
    const file = movie(...tracks);
    expect(await packetsOf(file)).toBeLessThanOrEqual(file.length);
  });

  it("makes no more packets of fragments without room than the file has bytes", async () => {
    const fragment = box(
      "moof",
      box("traf", box("tfhd", u32(0, 1)), ...Array(40).fill(box("trun", u32(0, 0xffffffff)))),
    );
    const trex = box("mvex", box("trex", u32(0, 1, 1, 1, 0, 0)));
    const file = joinedBytes([movie(trackBox({}), trex), ...Array(20).fill(fragment)]);
    expect(await packetsOf(file)).toBeLessThanOrEqual(file.length);
  });

  it("refuses an edit list that shows the same over and over", async () => {
    const count = 20_000;
    const edits = box("edts", box("elst", u32(0, count), ...Array(count).fill(u32(1000, 0, 1))));
    const tables = [
      box("stsz", u32(0, 0, 4000), u32(...Array(4000).fill(1))),
      box("stco", u32(0, 1, 0)),
      box("stsc", u32(0, 1, 1, 4000, 1)),
      box("stts", u32(0, 1, 4000, 1)),
    ];
    await expect(read(movie(trackBox({ tables, edits: [edits] })))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("refuses more tracks than a video has", async () => {
    const tracks = Array.from({ length: 2000 }, (_, id) => trackBox({ id }));
    await expect(read(movie(...tracks))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("keeps numbers that no file reaches within what a number holds", async () => {
    const tables = [
      box("stsz", u32(0, 0, 1, 5)),
      box("co64", u32(0, 1, 0xffffffff, 0xffffffff)),
      box("stsc", u32(0, 1, 1, 1, 1)),
      box("stts", u32(0, 1, 1, 1)),
    ];
    const { tracks } = await read(movie(trackBox({ tables })));
    const { offset, flags } = tracks[0]?.packets ?? {};
    expect(Number.isSafeInteger((offset?.[0] ?? Number.NaN) + 5)).toBe(true);
    expect(flags?.[0]).toBe(1 | 16);
  });
});

const ebml = element(0x1a45dfa3);
const videoTrack = (number: number): Uint8Array =>
  element(
    0xae,
    element(0xd7, Uint8Array.of(number >> 8, number & 255)),
    element(0x83, Uint8Array.of(1)),
    element(0x86, text("V_MJPEG")),
    element(0xe0, element(0xb0, Uint8Array.of(4)), element(0xba, Uint8Array.of(4))),
  );

describe("Matroska files that lie", () => {
  it("reads a block group whose duration has no size or a large one", async () => {
    const block = element(0xa1, Uint8Array.of(0x81, 0, 0, 0, 1, 2, 3));
    const unknown = Uint8Array.of(0x9b, 0xff);
    const long = element(0x9b, new Uint8Array(4096));
    const groups = [element(0xa0, block, unknown), element(0xa0, long, block)];
    const segment = element(
      0x18538067,
      element(0x1654ae6b, videoTrack(1)),
      element(0x1f43b675, ...groups),
    );
    expect(await packetsOf(ebml, segment)).toBe(2);
  });

  it("says once what is wrong with a thousand blocks", async () => {
    const laced = element(0xa3, Uint8Array.of(0x81, 0, 0, 0x06, 1, 2, 3));
    const segment = element(
      0x18538067,
      element(0x1654ae6b, videoTrack(1)),
      element(0x1f43b675, ...Array(1000).fill(laced)),
    );
    expect((await read(ebml, segment)).warnings).toHaveLength(1);
  });

  it("refuses more tracks than a video has", async () => {
    const tracks = Array.from({ length: 2000 }, (_, number) => videoTrack(number));
    const segment = element(0x18538067, element(0x1654ae6b, ...tracks));
    await expect(read(ebml, segment)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("AVI files that lie", () => {
  it("refuses lists in lists without end", async () => {
    let nested = aviChunk("JUNK", new Uint8Array(4));
    const depth = 100_000;
    const heads = new Uint8Array(depth * 12);
    const view = new DataView(heads.buffer);
    for (let at = 0; at < depth; at++) {
      heads.set(text("LIST"), at * 12);
      view.setUint32(at * 12 + 4, (depth - at) * 12 - 8 + nested.length, true);
      heads.set(text("movi"), at * 12 + 8);
    }
    nested = joinedBytes([heads, nested]);
    const file = joinedBytes([text("RIFF"), u32(0xffffff7f), text("AVI "), nested]);
    await expect(read(file)).rejects.toBeInstanceOf(MillraceError);
  });

  it("refuses more streams than a video has", async () => {
    const whole = smallAvi(0);
    const stream = whole.slice(12 + 12, whole.length - 12);
    const file = aviList("AVI ", [aviList("hdrl", Array(2000).fill(stream))], "RIFF");
    await expect(read(file)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("H.264 streams that lie", () => {
  const delimiter = Uint8Array.of(0, 0, 0, 1, 9, 0x10);

  it("reads a parameter set that claims pictures are numbered with 2^32 bits", async () => {
    // Baseline; log2_max_frame_num 4, order type 0, and an Exp-Golomb number of 31 zeros for its bits.
    const bits = `1${"1"}${"1"}${"0".repeat(31)}${"1".repeat(32)}${"1".repeat(16)}`;
    const body = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1").match(/.{8}/g) ?? [];
    const sps = [0, 0, 1, 0x67, 66, 0, 30, ...body.map((byte) => Number.parseInt(byte, 2))];
    const slice = [0, 0, 1, 0x65, 0x88, 0x84, 0, 0x10, 0x20];
    const frames = Array(50).fill(Uint8Array.from([...delimiter, ...sps, ...slice]));
    expect(await packetsOf(...frames)).toBe(50);
  });

  it("keeps no more of a picture's units than its beginning", async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const units = new Uint8Array(2 ** 20);
    for (let at = 0; at < units.length; at += 4) units.set([0, 0, 1, 6], at);
    const memory = memoryBytes(joinedBytes([delimiter, units, units]));
    await readContainer({
      ...memory,
      read(offset, length) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        return memory.read(offset, length);
      },
    }).catch(() => {});
    expect(most).toBeLessThan(160 * 2 ** 20);
  });
});
