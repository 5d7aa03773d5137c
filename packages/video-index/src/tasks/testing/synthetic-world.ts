import type { Detections } from "../detect/detections.ts";

/** A disc that moves evenly. */
export interface Disc {
  /** Centre at `from`, pixels. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Pixels a second. */
  readonly speedX: number;
  readonly speedY: number;
  /** Seconds; the disc is there from then on. @defaultValue 0 */
  readonly from?: number;
  /** Seconds; the disc is gone from then on. @defaultValue never */
  readonly to?: number;
  /** @defaultValue 0 */
  readonly classId?: number;
}

/** A world of discs, and how badly it is seen. */
export interface WorldOptions {
  readonly discs: readonly Disc[];
  /** When each frame is, in seconds. */
  readonly times: readonly number[];
  /** Pixels. @defaultValue 640 */
  readonly width?: number;
  /** @defaultValue 480 */
  readonly height?: number;
  /** Seed of everything that is random. @defaultValue 1 */
  readonly seed?: number;
  /** Corners of detections are off by up to this many pixels. @defaultValue 0 */
  readonly jitterPixels?: number;
  /** Chance that a disc is not detected in a frame. @defaultValue 0 */
  readonly missChance?: number;
  /** Chance that a frame has a detection of nothing. @defaultValue 0 */
  readonly falseChance?: number;
  /** Discs hide those behind them: a disc that is covered by more than half is not detected. @defaultValue false */
  readonly occlusion?: boolean;
  /** Discs turn back at the edges of the picture, so that none leaves it. @defaultValue false, they leave */
  readonly closed?: boolean;
  /** Discs are seen as long as a part of them is in the picture, with boxes that end at its edge. @defaultValue false */
  readonly clipped?: boolean;
  /** Chance that a detection has a low score, 0.15 to 0.45. @defaultValue 0 */
  readonly lowScoreChance?: number;
}

/** What is true of a frame: columns like those of detections. */
export interface Truth {
  /** Number of the disc, from 1. */
  readonly ids: readonly number[];
  /** `[n, 4]` */
  readonly boxes: Float32Array;
}

/** One frame of a world. */
export interface WorldFrame {
  readonly time: number;
  readonly truth: Truth;
  readonly detections: Detections;
}

/** Plays a world: every frame with what is there and what is seen of it. The same options give the same world. */
export function syntheticWorld(options: WorldOptions): readonly WorldFrame[] {
  const { discs, times, width = 640, height = 480, seed = 1 } = options;
  const { jitterPixels = 0, missChance = 0, falseChance = 0, occlusion = false } = options;
  const { lowScoreChance = 0, closed = false, clipped = false } = options;
  const random = randomNumbers(seed);
  const jitter = (): number => (2 * random() - 1) * jitterPixels;
  return times.map((time) => {
    const cut = (value: number, end: number): number =>
      clipped ? Math.min(Math.max(value, 0), end) : value;
    const boxOf = (x: number, y: number, radius: number): readonly number[] => [
      cut(x - radius, width),
      cut(y - radius, height),
      cut(x + radius, width),
      cut(y + radius, height),
    ];
    const there = discs.flatMap((disc, i) => {
      const { from = 0, to = Number.POSITIVE_INFINITY, radius } = disc;
      const place = (start: number, speed: number, size: number): number => {
        const free = start + speed * (time - from);
        return closed ? radius + 1 + folded(free - radius - 1, size - 2 * radius - 2) : free;
      };
      const x = place(disc.x, disc.speedX, width);
      const y = place(disc.y, disc.speedY, height);
      // How far its middle must be from the edge; with the clip, a pixel of it must be in the picture.
      const margin = clipped ? 1 - radius : radius;
      const inside = x > margin && x < width - margin && y > margin && y < height - margin;
      return time >= from && time < to && inside
        ? [{ id: i + 1, x, y, radius, classId: disc.classId ?? 0 }]
        : [];
    });
    const seen: { box: number[]; score: number; classId: number }[] = [];
    there.forEach(({ x, y, radius, classId }, i) => {
      // Those behind it in the list are in front of it.
      const hidden =
        occlusion &&
        there
          .slice(i + 1)
          .some((other) => Math.hypot(other.x - x, other.y - y) < other.radius * 0.8);
      const missed = random() < missChance;
      const low = random() < lowScoreChance;
      const score = low ? 0.15 + 0.3 * random() : 0.7 + 0.3 * random();
      const box = boxOf(x, y, radius).map((it) => it + jitter());
      if (!hidden && !missed) seen.push({ box, score, classId });
    });
    if (random() < falseChance) {
      const [x, y, side] = [random() * (width - 60), random() * (height - 60), 20 + random() * 40];
      seen.push({ box: [x, y, x + side, y + side], score: 0.61 + 0.2 * random(), classId: 0 });
    }
    seen.sort((a, b) => b.score - a.score);
    return {
      time,
      truth: {
        ids: there.map(({ id }) => id),
        boxes: Float32Array.from(there.flatMap(({ x, y, radius }) => boxOf(x, y, radius))),
      },
      detections: {
        count: seen.length,
        boxes: Float32Array.from(seen.flatMap(({ box }) => box)),
        scores: Float32Array.from(seen, ({ score }) => score),
        classIds: Int32Array.from(seen, ({ classId }) => classId),
        classNames: ["disc", "other"],
      },
    };
  });
}

/** To and fro between 0 and a length. */
function folded(distance: number, length: number): number {
  const turn = ((distance % (2 * length)) + 2 * length) % (2 * length);
  return turn <= length ? turn : 2 * length - turn;
}

/** Evenly spread times, in seconds. */
export function evenTimes(count: number, fps: number): readonly number[] {
  return Array.from({ length: count }, (_, frame) => frame / fps);
}

/** Mulberry32: numbers from 0 to 1 that depend on the seed alone. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
