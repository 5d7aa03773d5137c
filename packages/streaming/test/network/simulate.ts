import type { RtpPayload, SentNumbers } from "../../src/webrtc/peer-transport.ts";
import { createViewerRoad } from "../../src/webrtc/viewer-road.ts";
import { createBottleneck } from "./bottleneck.ts";
import { judgeRoad, type RoadFigures } from "./judge-road.ts";
import { createPauses } from "./pauses.ts";
import type { Scenario } from "./scenarios.ts";
import { createSimulatedEncoder } from "./simulated-encoder.ts";
import { createSimulatedViewer, type SimulatedFrame } from "./simulated-viewer.ts";
import { createVirtualClock } from "./virtual-clock.ts";

/** What a run over the simulated road gave. */
export interface SimulatedRun extends RoadFigures {
  readonly keyFrames: number;
  readonly dropped: number;
  readonly repeated: number;
  /** Must be 0: frames shown whose reference was never sent. */
  readonly broken: number;
  /** Bits a second, the lowest that was aimed at from five seconds on. */
  readonly lowestTarget: number;
  /** Every 100 ms, for those who want to look. */
  readonly trace: readonly string[];
}

const FRAME_MS = 1_000 / 30;
/** Bitrates of encoders are set so often. */
const STEER_MS = 100;
const PAYLOAD_BYTES = 1_140;
const OVERHEAD_BYTES = 38;
const payload = new Uint8Array(PAYLOAD_BYTES);

/** Sends the frames of a model of an encoder over a model of a road to a model of a viewer. */
export function simulate(scenario: Scenario): SimulatedRun {
  const clock = createVirtualClock();
  const { seed, rttMs, untilMs } = scenario;
  const delayMs = rttMs / 2;
  const road = createBottleneck({ ...scenario, delayMs });
  const back = createBottleneck({
    ...scenario,
    steps: [{ fromMs: 0, bitrate: 1e9 }],
    queueMs: 1_000,
    delayMs,
    lossRatio: scenario.backLossRatio,
    lossBurst: 1,
    seed: seed + 500,
  });
  const encoder = createSimulatedEncoder(1_000_000, seed);
  const frameOf = new Map<RtpPayload, { frame: SimulatedFrame; at: number }>();
  const sentPackets = new Map<number, { frame: SimulatedFrame; sizeBytes: number }>();
  const trace: string[] = [];
  let [packetNumber, transportNumber, frameNumber] = [-1, -1, -1];
  let [keyFrames, dropped, repeated, frameFirst] = [0, 0, 0, 0];

  const afterSenderPause = createPauses(scenario.senderPauses, seed + 300);
  const afterViewerPause = createPauses(scenario.pauses, seed);
  /** Does it, or as soon as the machine goes on; what comes from the network is read after timers had their turn. */
  const onMachine = (after: (timeMs: number) => number, work: () => void, lagMs = 0): void => {
    const atMs = after(clock.nowMs);
    if (atMs > clock.nowMs) clock.at(atMs + lagMs, work);
    else work();
  };
  const onSender = (work: () => void): void => onMachine(afterSenderPause, work);
  const toSender = (work: () => void): void => {
    const arriveMs = back.offer(60, clock.nowMs);
    if (arriveMs === null) return;
    clock.at(arriveMs, () => onMachine(afterSenderPause, work, 0.01));
  };
  const viewer = createSimulatedViewer(
    {
      nack: (numbers) =>
        toSender(() =>
          viewerRoad.hear({ kind: "nack", sequenceNumbers: numbers.map((n) => n & 0xffff) }),
        ),
      keyFrame: () => toSender(() => viewerRoad.hear({ kind: "key-frame-request" })),
    },
    scenario.tellsOfRepetitions,
  );
  const put = (number: number, isRepetition: boolean): SentNumbers => {
    const { frame, sizeBytes } = sentPackets.get(number) as NonNullable<
      ReturnType<typeof sentPackets.get>
    >;
    transportNumber += 1;
    const packet = {
      sequenceNumber: number,
      transportSequenceNumber: transportNumber,
      frame,
      isRepetition,
    };
    const arriveMs = road.offer(sizeBytes, clock.nowMs);
    if (arriveMs !== null) clock.at(arriveMs, () => viewer.receive(packet, clock.nowMs));
    return {
      sequenceNumber: number & 0xffff,
      transportSequenceNumber: transportNumber & 0xffff,
      sizeBytes,
    };
  };
  const viewerRoad = createViewerRoad({
    now: () => clock.nowMs,
    ticks: {
      start(work) {
        let isRunning = true;
        const again = (): void => {
          if (!isRunning) return;
          work();
          clock.at(clock.nowMs + 5, turn);
        };
        const turn = (): void => onSender(again);
        clock.at(clock.nowMs + 5, turn);
        return () => {
          isRunning = false;
        };
      },
    },
    rate: { maxBitrate: scenario.maxBitrate },
    requestKeyFrame: () => encoder.requestKeyFrame(),
    dropped: (frames) => {
      dropped += frames;
    },
    send(packet) {
      const { frame, at } = frameOf.get(packet) as NonNullable<ReturnType<typeof frameOf.get>>;
      frameOf.delete(packet);
      packetNumber += 1;
      if (at === 0) frameFirst = packetNumber;
      const sent = at === 0 ? Object.assign(frame, { firstPacket: frameFirst }) : frame;
      const sizeBytes = packet.data.length + OVERHEAD_BYTES;
      sentPackets.set(packetNumber, { frame: sent, sizeBytes });
      sentPackets.delete(packetNumber - 1_500);
      return put(packetNumber, false);
    },
    resend(number16) {
      const number = packetNumber - ((packetNumber - number16) & 0xffff);
      if (!sentPackets.has(number)) return undefined;
      repeated += 1;
      return put(number, true);
    },
  });

  const encode = (capturedAtMs: number): void => {
    const { encoderBitrate } = viewerRoad.read();
    if (clock.nowMs - steeredAtMs >= STEER_MS) {
      steeredAtMs = clock.nowMs;
      encoder.setBitrate(Math.min(encoderBitrate, scenario.maxBitrate));
    }
    const { sizeBytes, isKey } = encoder.encode(clock.nowMs);
    frameNumber += 1;
    if (isKey) keyFrames += 1;
    const count = Math.ceil(sizeBytes / PAYLOAD_BYTES);
    const frame: SimulatedFrame = {
      number: frameNumber,
      isKey,
      packets: count,
      sizeBytes,
      capturedAtMs,
      firstPacket: -1,
    };
    const packets = Array.from({ length: count }, (_, at) => {
      const left = Math.min(PAYLOAD_BYTES, sizeBytes - at * PAYLOAD_BYTES);
      const packet = { data: payload.subarray(0, left), timestamp: 0, marker: at === count - 1 };
      frameOf.set(packet, { frame, at });
      return packet;
    });
    viewerRoad.sendFrame(packets, isKey);
  };
  let steeredAtMs = 0;
  let newestCaptureMs = 0;
  /** While the machine stands still frames wait, and the newest replaces the others. */
  const capture = (): void => {
    clock.at(clock.nowMs + FRAME_MS, capture);
    const capturedAtMs = clock.nowMs;
    newestCaptureMs = capturedAtMs;
    onSender(() => {
      if (newestCaptureMs === capturedAtMs) encode(capturedAtMs);
    });
  };
  const every = (after: (timeMs: number) => number, intervalMs: number, work: () => void): void => {
    clock.at(clock.nowMs + intervalMs, () =>
      onMachine(after, () => {
        work();
        every(after, intervalMs, work);
      }),
    );
  };
  let lowestTarget = Number.POSITIVE_INFINITY;
  capture();
  every(afterViewerPause, 20, () => viewer.tick(clock.nowMs));
  every(afterViewerPause, 50, () => {
    const packets = viewer.feedback();
    if (packets) toSender(() => viewerRoad.hear({ kind: "feedback", feedback: { packets } }));
  });
  every(afterSenderPause, 100, () => {
    viewerRoad.tick();
    const state = viewerRoad.read();
    if (clock.nowMs > 5_000) lowestTarget = Math.min(lowestTarget, state.targetBitrate);
    const kbit = (bitrate: number): number => Math.round(bitrate / 1_000);
    trace.push(
      `${Math.round(clock.nowMs)} target ${kbit(state.targetBitrate)} encoder ${kbit(state.encoderBitrate)} acked ${kbit(state.ackedBitrate)} queue ${Math.round(state.queueMs)} loss ${state.lossRatio.toFixed(2)} rtt ${Math.round(state.rttMs ?? -1)} paced ${Math.round(state.pacedMs)} shown ${viewer.shown.at(-1)?.frame.number} of ${frameNumber}${state.isCongested ? " congested" : ""}`,
    );
  });
  clock.runUntil(untilMs);
  viewerRoad.close();
  const shown = viewer.shown.map(({ frame, atMs }) => ({
    atMs,
    ageMs: atMs - frame.capturedAtMs,
    sizeBytes: frame.sizeBytes,
  }));
  return {
    // Of what came, only what was shown counts here.
    ...judgeRoad(scenario, shown, shown),
    keyFrames,
    dropped,
    repeated,
    broken: viewer.broken,
    lowestTarget,
    trace,
  };
}

/** Runs a scenario several times, each with chances of its own. */
export function simulateRuns(scenario: Scenario, runs: number): readonly SimulatedRun[] {
  return Array.from({ length: runs }, (_, run) =>
    simulate({ ...scenario, seed: scenario.seed + run * 1_009 }),
  );
}
