import type { StillFrame } from "@millrace/video-index";
import type { FoundInFrame } from "./frame-detections.ts";

/** Where the time of an answer went, in milliseconds. All headers are made of it. */
export interface AnswerTiming {
  /** Whether the frame was in the cache. */
  readonly hit: boolean;
  /** Waiting for a decoder. */
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly encodeMs: number;
  /** Waiting for a batch. */
  readonly inferQueueMs: number;
  /** The batch in the model; 0 where nothing was asked for, or the result was known. */
  readonly inferMs: number;
  readonly totalMs: number;
}

/** Headers that a page of another origin may read, where such pages may call. */
export const FRAME_HEADERS: readonly string[] = [
  "Server-Timing",
  "X-Cache-Status",
  "X-Count",
  "X-Frame-Duration",
  "X-Frame-Exactness",
  "X-Frame-Index",
  "X-Frame-Key",
  "X-Frame-Pts",
  "X-Frame-Status",
  "X-Frame-Time",
];

/** `Server-Timing` (W3C), in milliseconds; `infer-queue` and `infer` are left out where no inference was asked for. */
export function serverTiming(timing: AnswerTiming, inferred: boolean): string {
  const { hit, queueMs, decodeMs, encodeMs, inferQueueMs, inferMs, totalMs } = timing;
  const spans = [
    ["queue", queueMs],
    ["decode", decodeMs],
    ["encode", encodeMs],
    ...(inferred
      ? ([
          ["infer-queue", inferQueueMs],
          ["infer", inferMs],
        ] as const)
      : []),
    ["total", totalMs],
  ] as const;
  const durations = spans.map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`);
  return [`cache;desc=${hit ? "HIT" : "MISS"}`, ...durations].join(", ");
}

/** What the picture of a frame is, as headers. */
export function frameHeaders(
  still: StillFrame,
  found: FoundInFrame | undefined,
  timing: AnswerTiming,
): Record<string, string> {
  return {
    "server-timing": serverTiming(timing, found !== undefined),
    "x-cache-status": timing.hit ? "HIT" : "MISS",
    "x-frame-index": String(still.index),
    "x-frame-pts": String(still.pts),
    "x-frame-time": String(still.time),
    "x-frame-duration": String(still.duration),
    "x-frame-key": String(still.key),
    "x-frame-exactness": still.exactness,
    "x-frame-status": still.status,
    ...(found && { "x-count": String(found.detections.count) }),
  };
}
