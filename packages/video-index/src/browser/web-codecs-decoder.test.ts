import { type EncodedVideoChunk, openFrameCount, type VideoDecoderConfig } from "@millrace/media";
import { afterEach, expect, it } from "vitest";
import { FakeByte, fakeWebCodecs } from "../../test/browser/fake-web-codecs.ts";
import { webCodecsDecoder } from "./web-codecs-decoder.ts";
import type { WebDecoderConfig } from "./web-codecs-library.ts";

const CONFIG: VideoDecoderConfig = {
  codec: "avc1.64000B",
  family: "h264",
  description: Uint8Array.of(1),
  codedWidth: 4,
  codedHeight: 2,
};
const TICKS = { timeBase: { num: 1, den: 1 } };
const inSoftware = ({ hardwareAcceleration }: WebDecoderConfig): boolean =>
  hardwareAcceleration === "prefer-software";

/** Chunks at places one behind the other; a key one wherever it says so. */
function chunksOf(types: string, byte: Readonly<Record<number, number>> = {}): EncodedVideoChunk[] {
  return [...types].map((type, at) => ({
    type: type === "K" ? "key" : "delta",
    timestamp: at,
    duration: null,
    pts: at,
    dts: at,
    data: Uint8Array.of(byte[at] ?? FakeByte.picture),
  }));
}

afterEach(() => expect(openFrameCount()).toBe(0));

it("hands over the frames that are wanted, and closes the others where they are", async () => {
  const lib = fakeWebCodecs();
  const decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const { frames, decoded } = await decoder.decode(chunksOf("KDDDD"), { keep: [1, 3], end: true });
  expect(decoded).toEqual([0, 1, 2, 3, 4]);
  expect(frames.map(({ frame }) => frame.pts)).toEqual([1, 3]);
  expect(lib.openFrames()).toBe(2);
  for (const { frame } of frames) frame.close();
  await decoder.close();
  expect([lib.openFrames(), lib.openDecoders()]).toEqual([0, 0]);
});

it("hands over during a later call what was wanted before", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const chunks = chunksOf("KDDD");
  const first = await decoder.decode(chunks.slice(0, 2), { keep: [1] });
  const second = await decoder.decode(chunks.slice(2), { keep: [], end: true });
  const frames = [...first.frames, ...second.frames];
  expect(frames.map(({ frame }) => frame.pts)).toEqual([1]);
  for (const { frame } of frames) frame.close();
  expect(lib.openFrames()).toBe(0);
});

it("feeds more chunks than a browser should hold, a few at a time", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const { decoded } = await decoder.decode(chunksOf(`K${"D".repeat(99)}`), { keep: [], end: true });
  expect(decoded).toHaveLength(100);
});

it("loses the frames from a packet that cannot be decoded to the next key packet, and no others", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const chunks = chunksOf("KDDDKD", { 2: FakeByte.undecodable });
  const first = await decoder.decode(chunks.slice(0, 3), { keep: [], end: true });
  const second = await decoder.decode(chunks.slice(3), { keep: [], end: true });
  expect(first.decoded).toEqual([0, 1]);
  expect(second.decoded).toEqual([4, 5]);
  expect(lib.openDecoders()).toBe(1);
});

it("goes on behind a packet that cannot be decoded also when all were fed at once", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const bad = { 1: FakeByte.undecodable, 4: FakeByte.undecodable };
  const { decoded } = await decoder.decode(chunksOf("KDDKDKD", bad), { keep: [], end: true });
  expect(decoded).toEqual([0, 3, 5, 6]);
  expect(lib.openDecoders()).toBe(1);
});

it("skips what comes before the first key packet", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const { decoded } = await decoder.decode(chunksOf("DDKD"), { keep: [], end: true });
  expect(decoded).toEqual([2, 3]);
});

it("rejects when the browser takes the decoder away, and works again afterwards", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const reclaimed = decoder.decode(chunksOf("KD", { 1: FakeByte.quota }), { end: true });
  await expect(reclaimed).rejects.toMatchObject({
    code: "INTERNAL",
    retryable: true,
    cause: { name: "QuotaExceededError" },
  });
  expect(lib.openFrames()).toBe(0);
  const { decoded } = await decoder.decode(chunksOf("KD"), { keep: [], end: true });
  expect(decoded).toEqual([0, 1]);
});

it("rejects with the signal's reason, leaves nothing open, and begins anew", async () => {
  const lib = fakeWebCodecs();
  await using decoder = await webCodecsDecoder({ lib }).open(CONFIG, TICKS);
  const controller = new AbortController();
  const decoding = decoder.decode(chunksOf("KDDD"), { end: true, signal: controller.signal });
  setImmediate(() => controller.abort("enough"));
  await expect(decoding).rejects.toBe("enough");
  const { decoded } = await decoder.decode(chunksOf("KD"), { keep: [], end: true });
  expect(decoded).toEqual([0, 1]);
  expect(lib.openFrames()).toBe(0);
});

it("prefers software, and copies frames out of a decoder of another kind", async () => {
  const software = fakeWebCodecs(inSoftware);
  await using soft = await webCodecsDecoder({ lib: software }).open(CONFIG, TICKS);
  const hardware = fakeWebCodecs((config) => !inSoftware(config));
  await using hard = await webCodecsDecoder({ lib: hardware }).open(CONFIG, TICKS);
  for (const [decoder, lib] of [
    [soft, software],
    [hard, hardware],
  ] as const) {
    const { frames } = await decoder.decode(chunksOf("K"), { end: true });
    expect(frames).toHaveLength(1);
    expect(lib.openFrames()).toBe(1);
    for (const { frame } of frames) frame.close();
    expect(lib.openFrames()).toBe(0);
  }
  expect(software.configured[0]).toMatchObject({ hardwareAcceleration: "prefer-software" });
  expect(hardware.configured[0]).toMatchObject({ hardwareAcceleration: "no-preference" });
});

it("refuses what the browser does not decode with the codec string, and a closed decoder", async () => {
  const none = webCodecsDecoder({ lib: fakeWebCodecs(() => false) });
  await expect(none.open(CONFIG, TICKS)).rejects.toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringContaining("avc1.64000B"),
  });
  const decoder = await webCodecsDecoder({ lib: fakeWebCodecs() }).open(CONFIG, TICKS);
  await decoder.close();
  await expect(decoder.decode(chunksOf("K"))).rejects.toMatchObject({ code: "CLOSED" });
});

it("says that it cannot be used where there is no WebCodecs, as in Node", async () => {
  await expect(webCodecsDecoder().check()).rejects.toMatchObject({ code: "MISSING_DEPENDENCY" });
});
