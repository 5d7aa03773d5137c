import { setTimeout as sleep } from "node:timers/promises";
import { nextMessage, startChild } from "../bench/child.ts";
import type { Cadence, CalmReport } from "./crowd/calm-viewers.ts";
import {
  comeAndGo,
  sendMalformed,
  sendOversized,
  slowViewers,
  stalledViewers,
} from "./crowd/disturbers.ts";
import type { Holdings, SteadyRequest } from "./crowd/steady-server.ts";

/** How much is done. */
export interface CrowdOptions {
  /** Calm viewers of each transport. */
  readonly viewers: number;
  /** The least time that each disturbance is looked at. */
  readonly phaseMs: number;
  readonly joins: number;
  readonly offers: number;
  readonly oversized: number;
  readonly seed: number;
  /** Is told of each phase when it has passed. */
  readonly onPhase?: (phase: CrowdPhase) => void;
}

/** One disturbance, and how frames came to those who did nothing. */
export interface CrowdPhase {
  readonly what: string;
  readonly cadence: CalmReport;
  readonly mostQueuedBytes: number;
}

/** What came of it. */
export interface CrowdResult {
  readonly phases: readonly CrowdPhase[];
  readonly before: Holdings;
  readonly after: Holdings;
  readonly offers: ReadonlyMap<number, number>;
  /** What may never be, whatever the machine does: answers, sockets, frames, memory, queues. */
  readonly differences: readonly string[];
  /** Cadence, which wants a machine with little else to do. */
  readonly unsteady: readonly string[];
}

const TRANSPORTS = ["mjpeg", "websocket", "webrtc"] as const;
/** The 99th percentile of the jitter may rise by so much above that of the calm phases. */
const JITTER_MS = 10;
const MEMORY_BYTES = 16e6;
/** Headers around a frame: of a part, and of a message. */
const AROUND_FRAME_BYTES = 1_024;
const OVERSIZED_BYTES = 8_000_000;
/** A viewer who never connects and one who vanished are gone after this long. */
const GONE_MS = 45_000;

/** Calm viewers of every transport, and everything beside them that a crowd and an attacker do. */
export async function disturb(options: CrowdOptions): Promise<CrowdResult> {
  using server = startChild("../campaigns/crowd/steady-server.ts", [], ["--expose-gc"]);
  const port = await nextMessage<number>(server.process);
  const base = `http://127.0.0.1:${port}/steady`;
  const hold = async (request: SteadyRequest = "holds"): Promise<Holdings> => {
    server.process.send(request);
    return await nextMessage(server.process);
  };
  using calm = startChild("../campaigns/crowd/calm-viewers.ts", [base, String(options.viewers)]);
  await nextMessage(calm.process);
  const report = async (): Promise<CalmReport> => {
    calm.process.send("report");
    return await nextMessage(calm.process);
  };
  const phases: CrowdPhase[] = [];
  const differences: string[] = [];
  const phase = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    await report();
    await hold();
    await Promise.all([run(), sleep(options.phaseMs)]);
    const cadence = await report();
    const { mostQueuedBytes } = await hold();
    const passed: CrowdPhase = { what, cadence, mostQueuedBytes };
    phases.push(passed);
    options.onPhase?.(passed);
  };
  /** Until only the calm ones are there. */
  const settled = async (viewers: number): Promise<Holdings> => {
    const untilMs = Date.now() + GONE_MS;
    for (;;) {
      const held = await hold();
      if (held.viewers === viewers || Date.now() > untilMs) return held;
      await sleep(500);
    }
  };
  const lasting = (begin: (base: string) => Promise<() => Promise<void>>) => async () => {
    const stop = await begin(base);
    await sleep(options.phaseMs);
    await stop();
  };

  // What is made once, for the first guests, is no leak.
  await comeAndGo(base, 6);
  const calmOnes = options.viewers * TRANSPORTS.length;
  await settled(calmOnes);
  await phase("calm", async () => {});
  const before = await settled(calmOnes);
  await phase("one slow viewer", lasting(slowViewers));
  await phase("one stalled viewer", lasting(stalledViewers));
  await phase("killed viewers", async () => {
    using doomed = startChild("../campaigns/crowd/calm-viewers.ts", [base, "1"]);
    await nextMessage(doomed.process);
    await sleep(options.phaseMs / 4);
    doomed.process.kill("SIGKILL");
  });
  await phase(`${options.joins} viewers come and go`, async () => {
    differences.push(...(await comeAndGo(base, options.joins)));
  });
  let offers: ReadonlyMap<number, number> = new Map();
  await phase(`${options.offers} malformed offers`, async () => {
    const sent = await sendMalformed(base, options.seed, options.offers);
    offers = sent.statuses;
    if (sent.hung > 0) differences.push(`${sent.hung} malformed offers were not answered`);
  });
  await phase(`${options.oversized} oversized bodies`, async () => {
    const taken = await sendOversized(base, OVERSIZED_BYTES, options.oversized);
    if (taken > 0) differences.push(`${taken} bodies of ${OVERSIZED_BYTES} bytes were read whole`);
  });
  await phase("a source that dies", async () => {
    using mourners = startChild("../campaigns/crowd/calm-viewers.ts", [
      base.replace("steady", "dying"),
      "2",
    ]);
    await nextMessage(mourners.process);
    await sleep(options.phaseMs / 4);
    await hold("die");
    await sleep(options.phaseMs / 4);
    mourners.process.disconnect();
  });
  const after = await settled(calmOnes);
  await phase("calm again", async () => {});
  calm.process.disconnect();
  const empty = await settled(0);

  for (const [status, times] of offers) {
    if (status >= 500 && status !== 503)
      differences.push(`${times} offers were answered ${status}`);
  }
  differences.push(...judgeHoldings(before, after, empty), ...judgeQueues(phases));
  return { phases, before, after, offers, differences, unsteady: judgeCadence(phases) };
}

function judgeHoldings(before: Holdings, after: Holdings, empty: Holdings): string[] {
  const found: string[] = [];
  for (const kind of ["viewers", "tcp", "udp", "renditions"] as const) {
    if (after[kind] > before[kind]) {
      found.push(`${kind}: ${before[kind]} before, ${after[kind]} afterwards`);
    }
  }
  if (after.heapBytes > before.heapBytes + MEMORY_BYTES) {
    const [was, is] = [before, after].map(({ heapBytes }) => (heapBytes / 1e6).toFixed(1));
    found.push(`memory: ${was} MB before, ${is} MB afterwards`);
  }
  for (const kind of ["viewers", "tcp", "udp", "renditions"] as const) {
    if (empty[kind] > 0) found.push(`${kind}: ${empty[kind]} when nobody watches`);
  }
  if (empty.hasOpenFrames) found.push("frames are open when nobody watches");
  return found;
}

function judgeQueues(phases: readonly CrowdPhase[]): string[] {
  const largest = Math.max(
    ...phases.flatMap(({ cadence }) => TRANSPORTS.map((name) => cadence[name].largestFrameBytes)),
  );
  return phases
    .filter(({ mostQueuedBytes }) => mostQueuedBytes > largest + AROUND_FRAME_BYTES)
    .map(
      ({ what, mostQueuedBytes }) =>
        `${what}: ${mostQueuedBytes} bytes waited for one viewer, and the largest frame had ${largest}`,
    );
}

function judgeCadence(phases: readonly CrowdPhase[]): string[] {
  const calm = phases.filter(({ what }) => what.startsWith("calm"));
  return phases.flatMap(({ what, cadence }) =>
    TRANSPORTS.flatMap((name) => {
      const usual = Math.max(...calm.map((one) => one.cadence[name].jitterP99Ms));
      const { frames, jitterP99Ms } = cadence[name];
      if (frames === 0) return [`${what}: no frame came over ${name}`];
      if (jitterP99Ms <= usual + JITTER_MS) return [];
      return [
        `${what}: jitter of ${name} is ${jitterP99Ms.toFixed(1)} ms, and ${usual.toFixed(1)} when all is calm`,
      ];
    }),
  );
}

/** A phase in a line. */
export function crowdLine({ what, cadence, mostQueuedBytes }: CrowdPhase): string {
  const each = TRANSPORTS.map((name) => {
    const { frames, jitterP99Ms, longestMs }: Cadence = cadence[name];
    return `${name} ${frames} frames, jitter p99 ${jitterP99Ms.toFixed(1)} ms, longest gap ${longestMs.toFixed(0)}`;
  });
  return `${what}: ${each.join("; ")}; ${(mostQueuedBytes / 1e3).toFixed(0)} kB waited at most`;
}
