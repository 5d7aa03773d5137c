import { randomInt } from "node:crypto";
import type { EncodedFrame } from "../../hub/encoded-frame.ts";

/** A frame that was sent, by the time that viewers know it by. */
export type SentFrame = Pick<EncodedFrame, "timestamp" | "sequence" | "capturedAtMs">;

/** Times of a stream in the words of RTP, equal for all viewers of a publication and in all its renditions. */
export interface RtpClock {
  /** 90 kHz, modulo 2^32, of microseconds of the stream. */
  video(timestamp: number): number;
  /** 48 kHz, modulo 2^32. */
  audio(timestamp: number): number;
  /** Keeps in mind that a frame was sent. */
  note(frame: SentFrame): void;
  /** The frame of a time of RTP; undefined when it was not sent, or too long ago. */
  find(rtpTimestamp: number): SentFrame | undefined;
}

/** Ten seconds at 60 fps. */
const REMEMBERED = 600;

/** Makes the clock of one publication. */
export function createRtpClock(): RtpClock {
  // RFC 3550 wants a beginning that cannot be guessed.
  const videoBase = randomInt(2 ** 32);
  const audioBase = randomInt(2 ** 32);
  const sent = new Map<number, SentFrame>();
  const ticks = (timestamp: number, base: number, perMs: number): number =>
    modulo(base + Math.round((timestamp / 1_000) * perMs));
  const video = (timestamp: number): number => ticks(timestamp, videoBase, 90);
  return {
    video,
    audio: (timestamp) => ticks(timestamp, audioBase, 48),
    note({ timestamp, sequence, capturedAtMs }) {
      sent.set(video(timestamp), { timestamp, sequence, capturedAtMs });
      if (sent.size <= REMEMBERED) return;
      const [oldest] = sent.keys();
      if (oldest !== undefined) sent.delete(oldest);
    },
    find: (rtpTimestamp) => sent.get(rtpTimestamp),
  };
}

function modulo(ticks: number): number {
  return ((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32;
}
