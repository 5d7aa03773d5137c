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
  /** To be called a few times a second: silence is news too. */
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
  /** Whether frames are better left out before they are encoded, which costs no key frame. */
  readonly isThinning: boolean;
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
  /** Milliseconds of a clock that only goes forward. @defaultValue `performance.now` */
  readonly now?: () => number;
  readonly rate?: RateControllerOptions;
}

const THINNING_MS = 90;
const ASK_AGAIN_MS = 500;
/** While nothing is sent nothing is heard: one old packet at this pace keeps the road measured. */
const PROBE_EVERY_MS = 100;
/** What headers and encryption add to payloads, and what frames are larger than asked for. */
const ENCODER_SHARE = 0.93;
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
  let soundBytes: { readonly atMs: number; readonly bytes: number }[] = [];

  const noteSent = (numbers: SentNumbers): void => {
    const { transportSequenceNumber, sizeBytes } = numbers;
    sentAtMs = now();
    options.sent?.(sizeBytes);
    if (transportSequenceNumber === undefined) return;
    rate.onSent({ transportSequenceNumber, sizeBytes, atMs: sentAtMs });
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
      const numbers = send(packet);
      noteSent(numbers);
      retransmitter.onSent(numbers, sentAtMs);
      lastNumber = numbers.sequenceNumber;
      if (isFirstOfKey) {
        retransmitter.onKeyFrame(numbers.sequenceNumber);
        keySentAtMs = sentAtMs;
      }
      return numbers.sizeBytes;
    },
  });
  const retransmitter = createRetransmitter({
    resend,
    repeat(again) {
      pacer.sendFirst(() => {
        const numbers = again(now());
        if (!numbers) return 0;
        noteSent(numbers);
        return numbers.sizeBytes;
      });
    },
  });
  const situation = (): RoadSituation => ({ ...rate.read(), atMs: now() });

  const steer = (): void => {
    const atMs = now();
    const { targetBitrate, isCongested } = rate.read();
    pacer.setBitrate(targetBitrate);
    if (isCongested) {
      if (!pacer.isKeyAwaited) pacer.skipToKeyFrame();
      isKeyOwed = true;
      if (atMs - sentAtMs > PROBE_EVERY_MS && lastNumber !== undefined) {
        const probe = resend(lastNumber);
        if (probe) noteSent(probe);
      }
      return;
    }
    if (retransmitter.isBroken && !isKeyOwed) {
      isKeyOwed = true;
      pacer.skipToKeyFrame();
    }
    if (!isKeyOwed || atMs - askedAtMs < ASK_AGAIN_MS) return;
    askedAtMs = atMs;
    requestKeyFrame();
  };

  return {
    sendFrame(packets, isKey) {
      steer();
      if (isKey && rate.read().isCongested) {
        dropped(1);
        return;
      }
      if (isKey) isKeyOwed = false;
      pacer.sendFrame(packets, isKey);
    },
    noteSound(numbers) {
      noteSent(numbers);
      pacer.noteSent(numbers.sizeBytes);
      soundBytes = soundBytes.filter(({ atMs }) => atMs > sentAtMs - 1_000);
      soundBytes.push({ atMs: sentAtMs, bytes: numbers.sizeBytes });
    },
    hear(report) {
      const atMs = now();
      switch (report.kind) {
        case "feedback":
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
      rate.onTick(now());
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
        isThinning: estimate.queueMs > THINNING_MS || estimate.isCongested,
      };
    },
    close: () => pacer.close(),
  };
}
