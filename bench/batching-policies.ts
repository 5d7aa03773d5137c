import { createBatcher } from "@millrace/inference";
import { fakeDevice, type VirtualClock, virtualClock } from "@millrace/inference/testing";
import { type Device, MAX_BATCH, randomNumbers, type Trace } from "./batching-traces.ts";

/** How long requests took. */
export interface Latencies {
  readonly meanMs: number;
  readonly p99Ms: number;
}

/** The rule that most servers have: launch when so many wait, or when the oldest has waited so long. */
export interface StaticPolicy {
  readonly size: number;
  readonly delayMs: number;
}

/** Runs a trace through the batcher. */
export function runBatcher(device: Device, trace: Trace, seed: number): Promise<Latencies> {
  const clock = virtualClock();
  const fake = fakeDevice({ clock, ...device });
  const batcher = createBatcher<number, number>({
    clock,
    maxBatch: MAX_BATCH,
    capacity: Number.MAX_SAFE_INTEGER,
    async run(items, { size }) {
      await fake.run(size);
      return items;
    },
  });
  return play(clock, () => batcher.submit(0), trace, seed);
}

/** Runs a trace through a static policy. It needs no promises, so it is simulated event by event. */
export function runStatic(
  { perItemMs, fixedMs }: Device,
  trace: Trace,
  seed: number,
  { size, delayMs }: StaticPolicy,
): Latencies {
  const closed = trace.kind === "closed" ? trace : undefined;
  const random = randomNumbers(seed + 1);
  const thinkMs = (): number => -Math.log(1 - random()) * (closed?.thinkMs ?? 0);
  const coming = trace.kind === "open" ? [...trace.arrivalsMs] : [];
  let left = closed === undefined ? 0 : closed.requests;
  const next = (nowMs: number): void => {
    if (left-- > 0) insert(coming, nowMs + thinkMs());
  };
  for (let client = 0; client < (closed?.clients ?? 0); client++) next(0);

  const latencies: number[] = [];
  let queue: number[] = [];
  let first = 0;
  let running: readonly number[] = [];
  let endMs = Number.POSITIVE_INFINITY;
  let timerMs = Number.POSITIVE_INFINITY;
  let sent = 0;
  for (;;) {
    const nowMs = Math.min(coming[sent] ?? Number.POSITIVE_INFINITY, endMs, timerMs);
    if (nowMs === Number.POSITIVE_INFINITY) return summary(latencies);
    if (endMs <= nowMs) {
      for (const sentMs of running) latencies.push(nowMs - sentMs);
      if (closed !== undefined) for (const _ of running) next(nowMs);
      endMs = Number.POSITIVE_INFINITY;
    }
    for (; (coming[sent] ?? Number.POSITIVE_INFINITY) <= nowMs; sent++) {
      queue.push(coming[sent] as number);
    }
    timerMs = Number.POSITIVE_INFINITY;
    const waiting = queue.length - first;
    if (endMs < Number.POSITIVE_INFINITY || waiting === 0) continue;
    const latestMs = (queue[first] as number) + delayMs;
    if (waiting < size && latestMs > nowMs + 1e-9) {
      timerMs = latestMs;
      continue;
    }
    running = queue.slice(first, first + size);
    first += running.length;
    if (first > 10_000) {
      queue = queue.slice(first);
      first = 0;
    }
    endMs = nowMs + perItemMs * running.length + fixedMs;
  }
}

/** Puts a time into a list that is in order. */
function insert(times: number[], timeMs: number): void {
  let at = times.length;
  while (at > 0 && (times[at - 1] as number) > timeMs) at--;
  times.splice(at, 0, timeMs);
}

/** Latencies count from the moment at which a request was to be sent. */
async function play(
  clock: VirtualClock,
  submit: () => Promise<unknown>,
  trace: Trace,
  seed: number,
): Promise<Latencies> {
  const latencies: number[] = [];
  const send = async (): Promise<void> => {
    const sentMs = clock.nowMs();
    await submit();
    latencies.push(clock.nowMs() - sentMs);
  };
  if (trace.kind === "open") {
    for (const atMs of trace.arrivalsMs) clock.after(atMs, () => void send());
  } else {
    const random = randomNumbers(seed + 1);
    const thinkMs = (): number => -Math.log(1 - random()) * trace.thinkMs;
    let left = trace.requests;
    const next = (): void => {
      if (left-- <= 0) return;
      clock.after(thinkMs(), () => void send().then(next));
    };
    for (let client = 0; client < trace.clients; client++) next();
  }
  await clock.run();
  return summary(latencies);
}

function summary(latencies: readonly number[]): Latencies {
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    meanMs: sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length,
    p99Ms: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN,
  };
}
