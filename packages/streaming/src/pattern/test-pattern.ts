import { MillraceError } from "@millrace/core";
import {
  type AudioData,
  audioData,
  frameBytes,
  type LiveData,
  type LiveStream,
  shareFrames,
  type VideoFrame,
  videoFrame,
} from "@millrace/media";
import { Observable, Subject, share } from "rxjs";
import { patternBox } from "./pattern-box.ts";
import { drawPatternMarks } from "./pattern-marks.ts";

/** What {@link testPattern} may be told. */
export interface TestPatternOptions {
  /** Even, at least 128. @defaultValue 1280 */
  readonly width?: number;
  /** Even, at least 72. @defaultValue 720 */
  readonly height?: number;
  /** Frames a second. @defaultValue 30 */
  readonly framerate?: number;
  /** A beep at every full second, at 48 kHz. @defaultValue false */
  readonly sound?: boolean;
  /** Share of the picture that is noise and moves, 0 to 1: gives an encoder something to do. @defaultValue 0.1 */
  readonly noise?: number;
}

const SAMPLE_RATE = 48_000;
/** Sound comes in pieces of 20 ms, as Opus packs it. */
const SOUND_MS = 20;
const BEEP_HZ = 1_000;
const BEEP_MS = 100;

/**
 * A live stream that needs no camera: a picture whose number and time of making stand in its pixels, a box that moves,
 * the box as data of kind `"detections"`, and a beep a second. Runs while somebody is subscribed, from 0 on one clock.
 *
 * @example
 * ```ts
 * import { testPattern } from "@millrace/streaming";
 * import { firstValueFrom, map } from "rxjs";
 *
 * const { video$ } = testPattern({ width: 640, height: 360 });
 * // A frame is borrowed: what is wanted of it is taken at once.
 * console.log(await firstValueFrom(video$.pipe(map(({ codedWidth }) => codedWidth)))); // 640
 * ```
 * @throws MillraceError INVALID_OPTION for a size or rate that it cannot have
 */
export function testPattern(options: TestPatternOptions = {}): Required<LiveStream> {
  const { width = 1280, height = 720, framerate = 30, sound = false, noise = 0.1 } = options;
  const isSize = (size: number, least: number): boolean =>
    Number.isSafeInteger(size) && size >= least && size % 2 === 0;
  if (!isSize(width, 128) || !isSize(height, 72)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `testPattern: ${width} × ${height} is no size; give even numbers from 128 × 72 up.`,
    );
  }
  if (!(framerate > 0 && framerate <= 240)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `testPattern: framerate is ${framerate}; give a number above 0, 240 at most.`,
    );
  }
  const startedMs = performance.now();
  const elapsedUs = (): number => (performance.now() - startedMs) * 1_000;
  const data$ = new Subject<LiveData>();
  const draw = createPainter(width, height, noise);

  const video$ = new Observable<VideoFrame>((subscriber) =>
    everyTick(elapsedUs, 1_000_000 / framerate, "leave-out", (number) => {
      const timestamp = Math.round((number * 1_000_000) / framerate);
      // Before the frame, so that whoever sends the frame has what belongs to it.
      const box = patternBox(number, width, height);
      data$.next({
        kind: "detections",
        timestamp,
        value: [{ label: "box", score: 1, box, number }],
      });
      subscriber.next(draw(number, timestamp));
    }),
  ).pipe(shareFrames());

  const audio$ = new Observable<AudioData>((subscriber) =>
    sound
      ? everyTick(elapsedUs, SOUND_MS * 1_000, "make-up", (piece) => subscriber.next(beep(piece)))
      : undefined,
  ).pipe(share());

  return { video$, audio$, data$: data$.asObservable(), clock: { now: elapsedUs } };
}

/**
 * Calls at each tick that is due, with its number.
 *
 * @param missed - whether ticks that were missed are made up for, as sound wants, or left out, as pictures may be
 */
function everyTick(
  elapsedUs: () => number,
  intervalUs: number,
  missed: "leave-out" | "make-up",
  tick: (number: number) => void,
): () => void {
  let number = Math.ceil(elapsedUs() / intervalUs);
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(run, Math.max(0, (number * intervalUs - elapsedUs()) / 1_000));
  };
  const run = (): void => {
    const due = number;
    const latest = missed === "make-up" ? due + 1 : Math.floor(elapsedUs() / intervalUs);
    number = Math.max(due + 1, latest);
    wait();
    tick(due);
  };
  wait();
  return () => clearTimeout(timer);
}

/** Draws into memory that is used again when a frame is given back; shared, so that encoders in workers need no copy. */
function createPainter(
  width: number,
  height: number,
  noise: number,
): (number: number, timestamp: number) => VideoFrame {
  const size = frameBytes("I420", width, height);
  const ground = new Uint8Array(size).fill(128);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) ground[y * width + x] = 40 + ((x + y) % 160);
  }
  const noiseRows = Math.round(height * Math.min(1, Math.max(0, noise)));
  const grain = new Uint8Array((noiseRows + 1) * width);
  let state = 1;
  for (let at = 0; at < grain.length; at++) {
    // The linear congruential generator of Numerical Recipes.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    grain[at] = 90 + ((state >>> 16) % 60);
  }
  const spare: Uint8Array[] = [];
  return (number, timestamp) => {
    const data = spare.pop() ?? new Uint8Array(new SharedArrayBuffer(size));
    data.set(ground);
    const shift = (number * 37) % width;
    data.set(grain.subarray(shift, shift + noiseRows * width), (height - noiseRows) * width);
    const box = patternBox(number, width, height);
    for (let row = box.y; row < box.y + box.height; row++) {
      data.fill(235, row * width + box.x, row * width + box.x + box.width);
    }
    drawPatternMarks(data, width, height, {
      number: number % 2 ** 24,
      clockMs: Math.round(performance.timeOrigin + performance.now()) % 2 ** 24,
    });
    return videoFrame({
      format: "I420",
      codedWidth: width,
      codedHeight: height,
      colorSpace: { matrix: "bt709", primaries: "bt709", transfer: "bt709", fullRange: false },
      pts: timestamp,
      timeBase: { num: 1, den: 1_000_000 },
      data,
      release: () => spare.push(data),
    });
  };
}

function beep(piece: number): AudioData {
  const count = (SAMPLE_RATE * SOUND_MS) / 1_000;
  const data = new Float32Array(count);
  const first = piece * count;
  for (let at = 0; at < count; at++) {
    const sample = first + at;
    const isOn = sample % SAMPLE_RATE < (SAMPLE_RATE * BEEP_MS) / 1_000;
    data[at] = isOn ? 0.25 * Math.sin((2 * Math.PI * BEEP_HZ * sample) / SAMPLE_RATE) : 0;
  }
  const timestamp = piece * SOUND_MS * 1_000;
  return audioData({ sampleRate: SAMPLE_RATE, numberOfChannels: 1, timestamp, data });
}
