import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveData } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { firstValueFrom, lastValueFrom, map, take, toArray } from "rxjs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type ClipFolder, makeClips, readBarcode } from "../testing/index.ts";
import { createVideoLibrary, type VideoLibrary } from "../video-library.ts";
import { type PlayVideoOptions, playVideo } from "./play-video.ts";

const driver = nodeAv({ workers: 1 });
let clips: ClipFolder;
let library: VideoLibrary;
beforeAll(async () => {
  clips = await makeClips(join(tmpdir(), "millrace-clips"));
  // Nothing is kept, so that frames that stay open are those of the stream.
  library = createVideoLibrary({ decoder: driver.decoder, cacheBytes: 0 });
}, 120_000);
// What was under way when a test left is closed when it is done.
afterEach(async () => {
  await sleep(50);
  expectNoOpenFrames();
});
afterAll(async () => {
  await library?.close();
  await driver.close();
});

interface Seen {
  readonly number: number | undefined;
  readonly timestamp: number;
}

/** The first frames of a clip of 60 that is played. */
async function watch(count: number, options: PlayVideoOptions = {}): Promise<readonly Seen[]> {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  const { video$ } = playVideo(video, options);
  return await firstValueFrom(
    video$.pipe(
      map((frame) => ({ number: readBarcode(frame), timestamp: frame.timestamp })),
      take(count),
      toArray(),
    ),
  );
}

function rises(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value > (values[at - 1] as number));
}

it("shows frames in their order, and goes on over the end with times that rise", async () => {
  const seen = await watch(50, { from: 40 });
  expect(rises(seen.map(({ timestamp }) => timestamp))).toBe(true);
  const numbers = seen.map(({ number }) => number as number);
  expect(numbers[0]).toBe(40);
  // Over the end a number falls, and each time by nearly a whole pass.
  const onFilm = seen.map(({ number = 0 }, at) => {
    const passes = numbers.slice(1, at + 1).filter((one, i) => one < (numbers[i] as number)).length;
    return passes * 60 + number;
  });
  expect(rises(onFilm)).toBe(true);
  expect(onFilm.at(-1)).toBeGreaterThanOrEqual(40 + 49);
});

it("ends with the last frame when it is not to begin anew", async () => {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  const { video$ } = playVideo(video, { from: 50, loop: false });
  expect(await lastValueFrom(video$.pipe(map((frame) => readBarcode(frame))))).toBe(59);
});

it("keeps the speed of the film at fewer frames a second", async () => {
  const seen = await watch(8, { fps: 10 });
  for (const [at, { number = 0 }] of seen.entries()) {
    // Of 30 a second every third, and none between them, whatever was left out.
    expect(number % 3, `frame ${at}`).toBe(0);
  }
  expect(rises(seen.map(({ number }) => number as number))).toBe(true);
});

it("stops decoding when nobody is subscribed, and begins at the beginning for the next", async () => {
  await using video = await library.open(clips.pathOf("long_gop.mp4"));
  const stream = playVideo(video);
  const first = (): Promise<number | undefined> =>
    firstValueFrom(stream.video$.pipe(map((frame) => readBarcode(frame))));
  expect(await first()).toBe(0);
  await sleep(100);
  const { decodedPackets } = video.stats;
  expect(decodedPackets).toBeLessThan(60);
  await sleep(300);
  expect(video.stats.decodedPackets).toBe(decodedPackets);
  expect(await first()).toBe(0);
});

it("tells what was found in a frame before it shows that frame", async () => {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  const { video$, data$ } = playVideo(video, {
    inference: "every",
    detect: async ({ frame, index }) => {
      const number = readBarcode(frame);
      await sleep(index % 3);
      return number;
    },
  });
  const told: LiveData[] = [];
  using _ = disposable(data$.subscribe((one) => told.push(one)));
  const seen = await firstValueFrom(
    video$.pipe(
      map((frame) => ({ ...told.at(-1), number: readBarcode(frame), shown: frame.timestamp })),
      take(20),
      toArray(),
    ),
  );
  for (const { value, number, timestamp, shown, kind } of seen) {
    expect({ kind, value, timestamp }).toEqual({
      kind: "detections",
      value: number,
      timestamp: shown,
    });
  }
});

it("does not wait for slow inference, whose results keep the time of their frame", async () => {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  let most = 0;
  let running = 0;
  const { video$, data$ } = playVideo(video, {
    detect: async ({ frame }) => {
      most = Math.max(most, ++running);
      const number = readBarcode(frame);
      await sleep(150);
      running--;
      return number;
    },
  });
  const told: LiveData[] = [];
  using _ = disposable(data$.subscribe((one) => told.push(one)));
  const numbers = new Map<number, number | undefined>();
  await lastValueFrom(
    video$.pipe(
      map((frame) => numbers.set(frame.timestamp, readBarcode(frame))),
      take(30),
    ),
  );
  expect(most).toBe(1);
  expect(told.length).toBeGreaterThan(1);
  expect(told.length).toBeLessThan(numbers.size / 2);
  for (const { timestamp, value } of told) expect(value).toBe(numbers.get(timestamp));
  await sleep(200);
});

it("tells of a frame in time where inference is quick enough, though nothing waits for it", async () => {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  const { video$, data$ } = playVideo(video, { detect: async ({ frame }) => readBarcode(frame) });
  const told = new Map<number, unknown>();
  using _ = disposable(data$.subscribe(({ timestamp, value }) => told.set(timestamp, value)));
  const before = await firstValueFrom(
    video$.pipe(
      map((frame) => [told.get(frame.timestamp), readBarcode(frame)]),
      take(30),
      toArray(),
    ),
  );
  // Where decoding is late a frame is shown at once, and told of behind it.
  const inTime = before.filter(([value]) => value !== undefined);
  expect(inTime.length).toBeGreaterThan(0);
  for (const [value, number] of inTime) expect(value).toBe(number);
});

it("tells of a frame that cannot be looked at, and shows it; fails where nobody listens", async () => {
  const detect = async (): Promise<never> => {
    throw new Error("no model");
  };
  const errors: unknown[] = [];
  const onError = (error: unknown): number => errors.push(error);
  expect(await watch(3, { detect, inference: "every", onError })).toHaveLength(3);
  expect(errors.length).toBeGreaterThanOrEqual(3);
  await expect(watch(3, { detect })).rejects.toThrow("no model");
});

it("ends when it is aborted", async () => {
  const controller = new AbortController();
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  const { video$ } = playVideo(video, { signal: controller.signal });
  let shown = 0;
  await lastValueFrom(
    video$.pipe(
      map(() => {
        if (++shown === 3) controller.abort();
      }),
    ),
  );
  expect(shown).toBe(3);
});

it("refuses a rate and a first frame that cannot be", async () => {
  await using video = await library.open(clips.pathOf("cfr_b.mp4"));
  expect(() => playVideo(video, { fps: 0 })).toThrow(/fps is 0/);
  expect(() => playVideo(video, { from: 60 })).toThrow(/60 frames/);
});

function disposable(subscription: { unsubscribe(): void }): Disposable {
  return { [Symbol.dispose]: () => subscription.unsubscribe() };
}
