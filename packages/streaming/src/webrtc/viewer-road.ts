import { createRateController, type RateControllerOptions } from "./create-rate-controller.ts";
import { createPacer } from "./pacer.ts";
import type { PeerReport, RtpPayload, SentNumbers } from "./peer-transport.ts";
import type { RateEstimate } from "./rate-controller.ts";
import { createRetransmitter, type RoadSituation } from "./retransmitter.ts";
import type { Ticks } from "./ticks.ts";

/**
 * The road to one viewer: reckons what it carries, sends frames at that pace, repairs what is lost, and begins anew
 * with a key frame where repairing would take too long.
 */
export interface ViewerRoad {
  /** Sends a frame, all of it or nothing. Sends nothing more after a frame that was not sent, until a key frame. */
  sendFrame(packets: readonly RtpPayload[], isKey: boolean): void;
  /** Tells of sound that was sent; sound never waits. */
  noteSound(sent: SentNumbers): void;
  /** What the viewer says: repeats packets and asks for key frames as needed. */
  hear(report: PeerReport): void;
  /** To be called every {@link ViewerRoadOptions.tickMs}: silence is news too. */
  tick(): void;
  read(): RoadState;
  /** Drops what waits. */
  close(): void;
}

/** What a {@link ViewerRoad} says. */
export interface RoadState extends RateEstimate {
  /** Bits a second that an encoder may give, so that repetitions and headers fit beside it. */
  readonly encoderBitrate: number;
  /** Bits a second of repetitions. */
  readonly repeatedBitrate: number;
  /** Milliseconds that frames wait here, before the road. */
  readonly pacedMs: number;
}

/** What a {@link ViewerRoad} is made with. */
export interface ViewerRoadOptions {
  readonly send: (packet: RtpPayload) => SentNumbers;
  readonly resend: (sequenceNumber: number) => SentNumbers | undefined;
  /** A key frame is wanted. Asked again every half second until one is sent. */
  readonly requestKeyFrame: () => void;
  /** Frames were dropped. */
  readonly dropped: (frames: number) => void;
  /** Bytes that go out, repetitions included. @defaultValue nobody counts */
  readonly sent?: (sizeBytes: number) => void;
  readonly ticks: Ticks;
  /** How often {@link ViewerRoad.tick} is called; when it comes later, the process stood still. @defaultValue 100 */
  readonly tickMs?: number;
  /** Milliseconds of a clock that only goes forward. @defaultValue `performance.now` */
  readonly now?: () => number;
  readonly rate?: RateControllerOptions;
}

const ASK_AGAIN_MS = 500;
const DRAINED_MS = 25;
const MOST_DRAIN_MS = 500;
/** While nothing is sent nothing is heard: one old packet at this pace keeps the road measured. */
const PROBE_EVERY_MS = 60;
/**
 * Some viewers tell nothing of what is sent again, or drop it as known: after so many probes without an answer a key
 * frame is sent instead. Each time twice as many, as others may watch the same rendition.
 */
const PROBES_BEFORE_KEY = 8;
const TICK_MS = 100;
/** Ticks are never quite in time. */
const LATE_MS = 30;
/** What headers and encryption add to payloads, and what frames are larger than asked for. */
const ENCODER_SHARE = 0.95;
const HEADER_BYTES = 45;

/** Makes the road to one viewer. */
export function createViewerRoad(options: ViewerRoadOptions): ViewerRoad {
  const { send, resend, requestKeyFrame, dropped, ticks } = options;
  const now = options.now ?? (() => performance.now());
  const rate = createRateController(options.rate);
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let keySentAtMs = Number.NEGATIVE_INFINITY;
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let lastNumber: number | undefined;
  let isKeyOwed = false;
  /** Probes of which nothing was heard; and whether a key frame is to take their place. */
  let [probes, probesBeforeKey, isKeyForced] = [0, PROBES_BEFORE_KEY, false];
  let tickedAtMs: number | undefined;
  let owedSinceMs: number | undefined;
  let soundBytes: { readonly atMs: number; readonly bytes: number }[] = [];

  /** The time is taken before: what comes after it may take long on a busy machine. */
  const noteSent = (numbers: SentNumbers, atMs: number, isRepetition: boolean): void => {
    const { transportSequenceNumber, sizeBytes } = numbers;
    sentAtMs = atMs;
    options.sent?.(sizeBytes);
    if (transportSequenceNumber === undefined) return;
    rate.onSent({ transportSequenceNumber, sizeBytes, atMs, isRepetition });
  };
  const pacer = createPacer<RtpPayload>({
    now,
    ticks,
    sizeOf: ({ data }) => data.length + HEADER_BYTES,
    dropped(frames) {
      dropped(frames);
      isKeyOwed = true;
    },
    send(packet, isFirstOfKey) {
      const atMs = now();
      const numbers = send(packet);
      noteSent(numbers, atMs, false);
      retransmitter.onSent(numbers, sentAtMs);
      lastNumber = numbers.sequenceNumber;
      if (isFirstOfKey) {
        retransmitter.onKeyFrame(numbers.sequenceNumber);
        keySentAtMs = sentAtMs;
        // Should it be lost, another one may be asked for at once.
        askedAtMs = Number.NEGATIVE_INFINITY;
      }
      return numbers.sizeBytes;
    },
  });
  const retransmitter = createRetransmitter({
    resend,
    repeat(again, afterMs) {
      pacer.sendFirst(() => {
        const atMs = now();
        const numbers = again(atMs);
        if (!numbers) return 0;
        noteSent(numbers, atMs, true);
        return numbers.sizeBytes;
      }, afterMs);
    },
  });
  const situation = (): RoadSituation => ({ ...rate.read(), atMs: now() });

  const probe = (atMs: number): void => {
    if (atMs - sentAtMs < PROBE_EVERY_MS || lastNumber === undefined) return;
    if (probes >= probesBeforeKey) {
      probes = 0;
      probesBeforeKey *= 2;
      isKeyForced = true;
      requestKeyFrame();
    }
    probes += 1;
    const numbers = resend(lastNumber);
    if (numbers) noteSent(numbers, atMs, true);
  };

  const steer = (): void => {
    const atMs = now();
    const { targetBitrate, burstBitrate, queueMs, isCongested } = rate.read();
    pacer.setBitrate(targetBitrate, burstBitrate ?? 0);
    if (isCongested) {
      if (!pacer.isKeyAwaited) pacer.skipToKeyFrame();
      isKeyOwed = true;
      probe(atMs);
      return;
    }
    if (retransmitter.isBroken && !isKeyOwed) {
      isKeyOwed = true;
      pacer.skipToKeyFrame();
    }
    if (!isKeyOwed) return;
    // A key frame into a full queue would lose some of its packets at once.
    owedSinceMs ??= atMs;
    if (pacer.isKeyAwaited) probe(atMs);
    if (queueMs > DRAINED_MS && atMs - owedSinceMs < MOST_DRAIN_MS) return;
    if (atMs - askedAtMs < ASK_AGAIN_MS) return;
    askedAtMs = atMs;
    requestKeyFrame();
  };

  return {
    sendFrame(packets, isKey) {
      steer();
      if (isKey && rate.read().isCongested && !isKeyForced) {
        dropped(1);
        return;
      }
      if (isKey) {
        isKeyForced = false;
        isKeyOwed = false;
        owedSinceMs = undefined;
      }
      pacer.sendFrame(packets, isKey);
    },
    noteSound(numbers) {
      noteSent(numbers, now(), false);
      pacer.noteSent(numbers.sizeBytes);
      soundBytes = soundBytes.filter(({ atMs }) => atMs > sentAtMs - 1_000);
      soundBytes.push({ atMs: sentAtMs, bytes: numbers.sizeBytes });
    },
    hear(report) {
      const atMs = now();
      switch (report.kind) {
        case "feedback":
          [probes, probesBeforeKey] = [0, PROBES_BEFORE_KEY];
          rate.onFeedback(report.feedback, atMs);
          retransmitter.onFeedback(report.feedback, situation());
          break;
        case "nack":
          retransmitter.onNack(report.sequenceNumbers, situation());
          break;
        case "receiver-report":
          rate.onReceiverReport(report, atMs);
          break;
        case "bitrate-estimate":
          rate.onBitrateEstimate(report.bitrate, atMs);
          break;
        case "key-frame-request":
          // It may have been asked for before the last one came.
          if (atMs - keySentAtMs > (rate.read().rttMs ?? 0) + 100) isKeyOwed = true;
          break;
      }
      steer();
    },
    tick() {
      const atMs = now();
      const lateMs = atMs - (tickedAtMs ?? atMs) - (options.tickMs ?? TICK_MS);
      tickedAtMs = atMs;
      if (lateMs > LATE_MS) rate.onStandstill(lateMs, atMs);
      rate.onTick(atMs);
      steer();
    },
    read() {
      const estimate = rate.read();
      const repeatedBitrate = retransmitter.repeatedBitrate(now());
      let sound = 0;
      for (const { bytes } of soundBytes) sound += bytes * 8;
      const left = estimate.targetBitrate - repeatedBitrate - sound;
      return {
        ...estimate,
        repeatedBitrate,
        encoderBitrate: Math.max(estimate.targetBitrate * 0.5, left) * ENCODER_SHARE,
        pacedMs: pacer.queuedMs,
      };
    },
    close: () => pacer.close(),
  };
}
