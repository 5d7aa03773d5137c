/** What asks for batches, and when. */
export type Trace =
  | { readonly kind: "open"; readonly arrivalsMs: readonly number[] }
  /** Clients that ask again once they have been answered and have thought. */
  | {
      readonly kind: "closed";
      readonly clients: number;
      /** Mean of an exponential time. */
      readonly thinkMs: number;
      readonly requests: number;
    };

/** A device whose batches take `perItemMs * size + fixedMs`. */
export interface Device {
  readonly name: string;
  readonly perItemMs: number;
  readonly fixedMs: number;
}

/** A trace for any device, scaled to what that can do. */
export interface TraceKind {
  readonly name: string;
  make(device: Device, seed: number): Trace;
}

/** Requests of a trace. */
const REQUESTS = 3_000;
/** Most that a batch may have, for all policies. */
export const MAX_BATCH = 32;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Devices from "a batch costs nothing by itself" to "an item costs nothing". */
export const DEVICES: readonly Device[] = [
  { name: "cpu 10n+1", perItemMs: 10, fixedMs: 1 },
  { name: "even 1n+2", perItemMs: 1, fixedMs: 2 },
  { name: "gpu 0.5n+5", perItemMs: 0.5, fixedMs: 5 },
  { name: "flat 0.05n+10", perItemMs: 0.05, fixedMs: 10 },
];

/** Requests a millisecond at the largest batch. */
const capacity = ({ perItemMs, fixedMs }: Device): number =>
  MAX_BATCH / (perItemMs * MAX_BATCH + fixedMs);
const timeMs = ({ perItemMs, fixedMs }: Device, size: number): number => perItemMs * size + fixedMs;

/** The traces; loads are shares of the device's capacity. */
export const TRACES: readonly TraceKind[] = [
  ...[0.1, 0.3, 0.6, 0.8, 0.9].map((load) => ({
    name: `poisson ${load}`,
    make: (device: Device, seed: number) => open(seed, () => load * capacity(device)),
  })),
  {
    name: "burst 0.1/0.95",
    make: (device, seed) => modulated(device, seed, 0.1, 0.95),
  },
  {
    name: "overload 0.05/2.5",
    make: (device, seed) => modulated(device, seed, 0.05, 2.5),
  },
  { name: "groups of 8", make: groups },
  {
    name: "step 0.15/0.85/0.15",
    make: (device, seed) =>
      open(seed, (i) => (Math.floor((3 * i) / REQUESTS) === 1 ? 0.85 : 0.15) * capacity(device)),
  },
  ...[1, 4, 16, 64].map((clients) => ({
    name: `closed ${clients}`,
    make: (): Trace => ({ kind: "closed", clients, thinkMs: 0, requests: REQUESTS }),
  })),
  {
    name: "closed 8, thinking",
    make: (device) => ({
      kind: "closed",
      clients: 8,
      thinkMs: timeMs(device, 4),
      requests: REQUESTS,
    }),
  },
];

/** Independent requests, whose rate depends on how many came before. */
function open(seed: number, rate: (index: number) => number): Trace {
  const random = randomNumbers(seed);
  let atMs = 0;
  const arrivalsMs = Array.from({ length: REQUESTS }, (_, i) => {
    atMs -= Math.log(1 - random()) / rate(i);
    return atMs;
  });
  return { kind: "open", arrivalsMs };
}

/** A low and a high rate in turn, for exponential times: the high one a quarter as long. */
function modulated(device: Device, seed: number, low: number, high: number): Trace {
  const random = randomNumbers(seed);
  const exponential = (): number => -Math.log(1 - random());
  const phaseMs = 60 * timeMs(device, 8);
  const arrivalsMs: number[] = [];
  let atMs = 0;
  let isHigh = false;
  let endMs = exponential() * phaseMs;
  while (arrivalsMs.length < REQUESTS) {
    const nextMs = atMs + exponential() / ((isHigh ? high : low) * capacity(device));
    if (nextMs > endMs) {
      atMs = endMs;
      isHigh = !isHigh;
      endMs = atMs + exponential() * phaseMs * (isHigh ? 0.25 : 1);
      continue;
    }
    atMs = nextMs;
    arrivalsMs.push(atMs);
  }
  return { kind: "open", arrivalsMs };
}

/** Eight requests close behind one another, then a pause. */
function groups(device: Device, seed: number): Trace {
  const random = randomNumbers(seed);
  const arrivalsMs: number[] = [];
  let atMs = 0;
  while (arrivalsMs.length < REQUESTS) {
    atMs -= Math.log(1 - random()) * 1.6 * timeMs(device, 8);
    for (let i = 0; i < 8; i++) {
      arrivalsMs.push(atMs);
      atMs += 0.04 * timeMs(device, 1) * (0.5 + random());
    }
  }
  return { kind: "open", arrivalsMs: arrivalsMs.slice(0, REQUESTS) };
}
