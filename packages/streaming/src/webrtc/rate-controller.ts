import type { TransportFeedback } from "./transport-feedback.ts";

/**
 * Reckons what the road to one viewer carries. Pure: no timers, all times are given, in milliseconds of one clock that
 * only goes forward, so that recorded feedback gives the same answer again.
 */
export interface RateController {
  onSent(packet: {
    readonly transportSequenceNumber: number;
    readonly sizeBytes: number;
    /** When it was given to the network. */
    readonly atMs: number;
    /** Whether it was sent before. Some viewers do not tell of such. */
    readonly isRepetition?: boolean;
  }): void;
  /**
   * The process stood still and could neither send nor hear: what nobody said meanwhile means nothing. To be told
   * before what was waiting is read.
   */
  onStandstill(durationMs: number, atMs: number): void;
  onFeedback(feedback: TransportFeedback, atMs: number): void;
  /** Where there is no feedback by packets. */
  onReceiverReport(
    report: { readonly lossRatio: number; readonly rttMs: number | null },
    atMs: number,
  ): void;
  /** REMB, where there is no feedback by packets. */
  onBitrateEstimate(bitrate: number, atMs: number): void;
  /** To be called a few times a second: silence is news too. */
  onTick(atMs: number): void;
  read(): RateEstimate;
}

/** What a {@link RateController} says. */
export interface RateEstimate {
  /** Bits a second that may be sent, repetitions included. */
  readonly targetBitrate: number;
  /** Milliseconds that packets wait in queues of the road. */
  readonly queueMs: number;
  readonly lossRatio: number;
  readonly rttMs: number | null;
  /** Bits a second that came through. */
  readonly ackedBitrate: number;
  /** Bits a second at which the packets of a single frame came; null while nothing tells it. */
  readonly burstBitrate: number | null;
  /** Whether frames must be left out and nothing sent again until queues are empty. */
  readonly isCongested: boolean;
}
