import type { Scenario } from "./scenarios.ts";

/** A frame that a viewer has shown. */
export interface ShownFrame {
  readonly atMs: number;
  readonly ageMs: number;
  readonly sizeBytes: number;
}

/** How a viewer fared. */
export interface RoadFigures {
  /** The longest time without a new frame. */
  readonly stallMs: number;
  /** Of frames shown three seconds and more after each change of the road. */
  readonly ageP50Ms: number;
  readonly ageP95Ms: number;
  /** The lowest share of the road, of all its stretches, that pictures took from three seconds after its beginning on; five where it became wider. */
  readonly utilisation: number;
  /** Until the pictures of a second took 70 % of the road again, after it became wider. */
  readonly recoveryMs: number;
  /** Frames shown a second, all over. */
  readonly framerate: number;
  /** What was to hold and did not, in words. */
  readonly missed: readonly string[];
}

const SETTLED_MS = 3_000;
const WIDER_SETTLED_MS = 5_000;
const WANTED_SHARE = 0.7;

/** Measures what was shown against what is wanted of a road. */
export function judgeRoad(scenario: Scenario, shown: readonly ShownFrame[]): RoadFigures {
  const { steps, untilMs, rttMs, maxBitrate } = scenario;
  let stallMs = untilMs - (shown.at(-1)?.atMs ?? 0);
  for (let i = 1; i < shown.length; i++) {
    stallMs = Math.max(stallMs, (shown[i] as ShownFrame).atMs - (shown[i - 1] as ShownFrame).atMs);
  }
  const share = (fromMs: number, toMs: number, bitrate: number): number => {
    let bits = 0;
    for (const { atMs, sizeBytes } of shown) {
      if (atMs >= fromMs && atMs < toMs) bits += sizeBytes * 8;
    }
    return (bits * 1_000) / (toMs - fromMs) / Math.min(bitrate, maxBitrate);
  };
  const ages: number[] = [];
  let [utilisation, recoveryMs] = [1, 0];
  for (const [i, { fromMs, bitrate }] of steps.entries()) {
    const toMs = steps[i + 1]?.fromMs ?? untilMs;
    const isWider = i === 0 || bitrate > (steps[i - 1]?.bitrate ?? 0);
    for (const { atMs, ageMs } of shown) {
      if (atMs >= fromMs + SETTLED_MS && atMs < toMs) ages.push(ageMs);
    }
    const settledMs = isWider ? WIDER_SETTLED_MS : SETTLED_MS;
    utilisation = Math.min(utilisation, share(fromMs + settledMs, toMs, bitrate));
    if (i === 0 || !isWider) continue;
    let atMs = fromMs;
    while (atMs + 1_000 <= toMs && share(atMs, atMs + 1_000, bitrate) < WANTED_SHARE) atMs += 100;
    recoveryMs = Math.max(recoveryMs, atMs - fromMs);
  }
  ages.sort((one, other) => one - other);
  const at = (part: number): number => ages[Math.floor(ages.length * part)] ?? 0;
  const [ageP50Ms, ageP95Ms] = [at(0.5), at(0.95)];
  const missed: string[] = [];
  if (stallMs > 1_000) missed.push(`stall ${Math.round(stallMs)} ms`);
  if (ageP95Ms > rttMs + 150) missed.push(`p95 ${Math.round(ageP95Ms)} of ${rttMs + 150} ms`);
  if (utilisation < WANTED_SHARE) missed.push(`utilisation ${Math.round(utilisation * 100)} %`);
  if (recoveryMs > 5_000) missed.push(`recovery ${Math.round(recoveryMs)} ms`);
  return {
    stallMs,
    ageP50Ms,
    ageP95Ms,
    utilisation,
    recoveryMs,
    framerate: (shown.length * 1_000) / untilMs,
    missed,
  };
}
