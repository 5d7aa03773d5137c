import { setImmediate as turn } from "node:timers/promises";
import { MillraceError } from "@millrace/core";
import { type EncodedImage, type ImageEncoder, openFrameCount } from "@millrace/media";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type NumberDecoderOptions, numberDecoder, numberIn } from "../test/number-decoder.ts";
import { smallAvi } from "../test/small-avi.ts";
import type { ByteSource } from "./bytes/byte-source.ts";
import { memoryBytes } from "./bytes/memory-bytes.ts";
import type { RawFrame, StillRequest } from "./video.ts";
import { createVideoLibrary, type VideoLibraryOptions } from "./video-library.ts";

const COUNT = 200;
const bytes = smallAvi(COUNT);

const images: ImageEncoder = {
  apiVersion: 1,
  name: "none",
  types: ["image/jpeg"],
  encode: async (frame): Promise<EncodedImage> => ({
    type: "image/jpeg",
    data: Uint8Array.of(numberIn(frame) ?? 0),
    width: 1,
    height: 1,
  }),
};

function libraryOf(decoder: NumberDecoderOptions = {}, options: VideoLibraryOptions = {}) {
  const backend = numberDecoder(decoder);
  return {
    backend,
    library: createVideoLibrary({ decoder: backend, images: [images], ...options }),
  };
}

/** Promise rejections that nobody handled while something ran. */
async function unhandledDuring(work: () => Promise<void>): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  try {
    await work();
    await turn();
    await turn();
  } finally {
    process.off("unhandledRejection", note);
    for (const other of others) process.on("unhandledRejection", other);
  }
  return seen;
}

afterEach(() => expect(openFrameCount()).toBe(0));

describe("createVideoLibrary", () => {
  it.each([
    { cacheBytes: Number.NaN },
    { cacheBytes: -1 },
    { decoders: 0 },
    { decoders: 1.5 },
    { decoders: Number.NaN },
    { threads: -1 },
    { threads: 0.5 },
  ])("refuses %j by name", (options) => {
    expect(() => createVideoLibrary(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(Object.keys(options)[0] as string),
      }),
    );
  });

  it("opens no video once it is closed, nor one whose opening the close has overtaken", async () => {
    const { library } = libraryOf();
    let closed = 0;
    const source = (): ByteSource => {
      const memory = memoryBytes(bytes);
      return {
        ...memory,
        async close() {
          closed += 1;
        },
      };
    };
    const opening = library.open(source());
    const outcome = expect(opening).rejects.toMatchObject({ code: "CLOSED" });
    await library.close();
    await outcome;
    await expect(library.open(source())).rejects.toMatchObject({ code: "CLOSED" });
    await library.close();
    expect(closed).toBe(2);
  });

  it("closes videos with requests in flight, twice and at once", async () => {
    const { backend, library } = libraryOf({ onDecode: () => turn() });
    const video = await library.open(memoryBytes(bytes));
    const asked = [0, 50, 100].map((frame) => video.frameAt(frame));
    const outcomes = Promise.allSettled(asked);
    await Promise.all([video.close(), library.close(), video.close(), library.close()]);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
    }
    await expect(video.frameAt(0)).rejects.toMatchObject({ code: "CLOSED" });
    expect(backend.openNow).toBe(0);
    expect(library.cache).toMatchObject({ entries: 0, sizeBytes: 0 });
  });

  it("keeps no picture of a video that was closed while it was encoded", async () => {
    let encoding: (() => void) | undefined;
    const { library } = libraryOf(
      {},
      {
        images: [
          {
            ...images,
            async encode(...args) {
              await new Promise<void>((resolve) => {
                encoding = resolve;
              });
              return images.encode(...args);
            },
          },
        ],
      },
    );
    const video = await library.open(memoryBytes(bytes));
    const still = video.frameAt(1, { as: "jpeg" }).catch(() => {});
    while (encoding === undefined) await turn();
    await video.close();
    encoding();
    await still;
    expect(library.cache).toMatchObject({ entries: 0, sizeBytes: 0 });
    await library.close();
  });

  it("gives right frames and leaves none open, however requests are aborted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ frame: fc.nat(COUNT - 1), after: fc.option(fc.nat(12)) }), {
          minLength: 1,
          maxLength: 24,
        }),
        fc.integer({ min: 1, max: 3 }),
        async (requests, decoders) => {
          const { backend, library } = libraryOf(
            {
              async onDecode(numbers) {
                for (let left = (numbers[0] ?? 0) % 4; left > 0; left--) await turn();
              },
            },
            { decoders, cacheBytes: 24 * 20 },
          );
          const video = await library.open(memoryBytes(bytes));
          const reasons = requests.map((_, at) => new Error(`aborted ${at}`));
          await Promise.all(
            requests.map(async ({ frame, after }, at) => {
              const controller = new AbortController();
              const asked = video.frameAt(frame, { signal: controller.signal }).then(
                (result) => {
                  expect(numberIn(result.frame)).toBe(frame);
                  result[Symbol.dispose]();
                },
                (error) => expect(error).toBe(reasons[at]),
              );
              for (let left = after ?? 0; left > 0; left--) await turn();
              if (after !== null) controller.abort(reasons[at]);
              await asked;
            }),
          );
          using next = await video.frameAt(requests[0]?.frame ?? 0);
          expect(numberIn(next.frame)).toBe(next.index);
          await library.close();
          expect(backend.mostOpen).toBeLessThanOrEqual(decoders);
          expect(backend.openNow).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
    expect(openFrameCount()).toBe(0);
  });

  it("lets no promise go unhandled when an iteration fails while a frame is looked at", async () => {
    const { library } = libraryOf({
      async onDecode(numbers) {
        for (let left = numbers.includes(0) || numbers.includes(60) ? 0 : 5; left > 0; left--)
          await turn();
      },
    });
    const controller = new AbortController();
    const video = await library.open(memoryBytes(bytes));
    const seen = await unhandledDuring(async () => {
      for await (using first of video.frames({ stride: 10 }, { signal: controller.signal })) {
        controller.abort(new Error("enough"));
        for (let left = 20; left > 0; left--) await turn();
        expect(first.index).toBe(0);
        break;
      }
      const iteration = video.frames({ from: 60, stride: 10 });
      using one = (await iteration.next()).value;
      expect(one.index).toBe(60);
      const other = video.frames({ from: 100, stride: 5 });
      const second = other.next().then(
        ({ value }) => value[Symbol.dispose](),
        () => {},
      );
      await library.close();
      await second;
      for (let left = 20; left > 0; left--) await turn();
      await iteration.return?.();
      await other.return?.();
    });
    expect(seen).toEqual([]);
  });

  it("opens another decoder in place of one that died", async () => {
    let failures = 1;
    const onDecode = async (): Promise<void> => {
      if (failures-- > 0) throw new MillraceError("INTERNAL", "A worker ended.");
    };
    const { library } = libraryOf({ diesOfFailure: true, onDecode }, { decoders: 1 });
    const video = await library.open(memoryBytes(bytes));
    await expect(video.frameAt(3)).rejects.toMatchObject({ code: "INTERNAL" });
    using again = await video.frameAt(3);
    expect(numberIn(again.frame)).toBe(3);
    await library.close();
  });

  it("serves the oldest request first, whatever comes behind it", async () => {
    const { library } = libraryOf({ onDecode: () => turn() }, { decoders: 1, cacheBytes: 0 });
    const video = await library.open(memoryBytes(bytes));
    let done = false;
    const closed = (request: Promise<RawFrame>) =>
      request.then((result) => result[Symbol.dispose]());
    const busy = closed(video.frameAt(0));
    await turn();
    const old = closed(video.frameAt(190)).then(() => {
      done = true;
    });
    let after = 0;
    const flood: Promise<void>[] = [busy];
    while (!done && after < 150) {
      flood.push(closed(video.frameAt((after * 7) % 100)));
      after += 1;
      await turn();
    }
    await old;
    await Promise.all(flood);
    expect(after).toBeLessThan(20);
    await library.close();
  });

  it("goes on with other videos while one hangs", async () => {
    const { library } = libraryOf({}, { decoders: 2 });
    const well = await library.open(memoryBytes(bytes));
    const memory = memoryBytes(bytes);
    let hanging = false;
    const poisoned = await library.open({
      ...memory,
      name: "poisoned",
      read: (offset, length, { signal } = {}) =>
        hanging
          ? new Promise((_, reject) => {
              signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
            })
          : memory.read(offset, length),
    });
    hanging = true;
    const stuck = Promise.allSettled([0, 20, 40, 60].map((frame) => poisoned.frameAt(frame)));
    await turn();
    for (const frame of [5, 100, 3]) {
      using result = await well.frameAt(frame);
      expect(numberIn(result.frame)).toBe(frame);
    }
    await poisoned.close();
    for (const { status } of await stuck) expect(status).toBe("rejected");
    await library.close();
  });

  it("does not decode a video to its end for a frame that never comes", async () => {
    const { library } = libraryOf({ drops: [3] });
    const video = await library.open(memoryBytes(bytes));
    const statuses: string[] = [];
    for await (using one of video.frames({ to: 16 })) statuses.push(one.status);
    expect(statuses).toEqual(statuses.map((_, at) => (at === 3 ? "missing" : "ok")));
    expect(video.stats.decodedPackets).toBeLessThan(60);
    await library.close();
  });

  it("calls no frame whole that a file which shrank does not hold whole", async () => {
    const { library } = libraryOf();
    const memory = memoryBytes(bytes);
    let sizeBytes = bytes.length;
    const read: ByteSource["read"] = (offset, length) =>
      memory.read(offset, Math.max(0, Math.min(length, sizeBytes - offset)));
    const video = await library.open({ ...memory, read });
    // Frame 100 ends in its middle.
    sizeBytes = (video.index.track.packets.offset[100] as number) + 8;
    using before = await video.frameAt(99);
    using cut = await video.frameAt(100);
    using behind = await video.frameAt(150);
    expect([before, cut, behind].map(({ status }) => status)).toEqual(["ok", "missing", "missing"]);
    await library.close();
  });

  it("says what is wrong with a request", async () => {
    const { library } = libraryOf();
    const video = await library.open(memoryBytes(bytes), { track: 0 });
    const invalid = { code: "INVALID_OPTION" };
    for (const frame of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, "3" as unknown as number]) {
      await expect(video.frameAt(frame)).rejects.toMatchObject(invalid);
    }
    for (const frame of [-1, COUNT, 2 ** 31, 2 ** 53]) {
      await expect(video.frameAt(frame)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    await expect(video.frameAtTime("1" as unknown as number)).rejects.toMatchObject(invalid);
    await expect(video.frameAtTime(Number.NaN)).rejects.toMatchObject(invalid);
    await expect(video.frameAtTime(1, { rule: "after" as never })).rejects.toMatchObject(invalid);
    for (const range of [
      { from: -5 },
      { from: Number.NEGATIVE_INFINITY },
      { to: Number.NaN },
      { from: 0.5 },
      { stride: 0 },
      { stride: 0.1 },
      { from: -1e9, stride: -1 },
    ]) {
      await expect(video.frames(range).next(), JSON.stringify(range)).rejects.toMatchObject(
        invalid,
      );
    }
    for (const count of [-1, 1.5, Number.NaN]) {
      await expect(video.thumbnails(count)).rejects.toMatchObject(invalid);
    }
    expect(await video.thumbnails(0)).toEqual([]);
    expect(await video.framesAt([])).toEqual([]);
    for (const request of [
      { as: "gif" },
      { as: "jpeg", quality: 0 },
      { as: "jpeg", quality: 101 },
      { as: "jpeg", width: 0 },
      { as: "jpeg", width: 1e9 },
      { as: "jpeg", height: 1.5 },
      { as: "jpeg", roi: { x: -1, y: 0, width: 2, height: 2 } },
      { as: "jpeg", roi: { x: 0, y: 0, width: Number.NaN, height: 2 } },
    ]) {
      const asked = video.frameAt(0, request as StillRequest);
      await expect(asked, JSON.stringify(request)).rejects.toMatchObject(invalid);
    }
    const still = await video.frameAt(0, { as: "jpeg" });
    expect(still.source).toBe("decode");
    const aborted = AbortSignal.abort(new Error("too late"));
    await expect(video.frameAt(0, { as: "jpeg", signal: aborted })).rejects.toThrow("too late");
    await library.close();
  });
});

describe("what is no video at all", () => {
  it.each([
    ["", undefined],
    [7, undefined],
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [new Uint8Array(9), undefined],
    ["clip.avi", -1],
    ["clip.avi", "x"],
    ["clip.avi", 1.5],
  ])("%j, track %j, is refused by name before anything is read", async (source, track) => {
    const { library } = libraryOf();
    await using _ = library;
    const what = source === "clip.avi" ? memoryBytes(bytes) : source;
    const opened = library.open(what as string, { track: track as number });
    await expect(opened).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^(The video|track) /),
    });
  });
});
