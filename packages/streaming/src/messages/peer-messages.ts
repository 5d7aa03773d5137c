/** Name of the data channel of a WebRTC viewer; ordered and reliable. The viewer opens it in its offer. */
export const DATA_CHANNEL = "data";

/**
 * What {@link PeerData.kind} is when it is about the clock: sent when the channel opens, at every key frame, and behind
 * one that was late, so that a viewer can tell times of RTP from times of the stream. Its value is a {@link PeerClock}.
 */
export const CLOCK_KIND = "clock";

/** A message of the server on the data channel, as JSON: an item of the stream's `data$`, or the clock. */
export interface PeerData {
  /** As in `LiveData`, such as `"detections"`; or {@link CLOCK_KIND}. */
  readonly kind: string;
  /** Of the frame that it belongs to, in microseconds of the stream. */
  readonly timestamp: number;
  /**
   * Of that frame on the wire, by which the viewer knows it (90 kHz, modulo 2^32); absent where the frame was not sent
   * as video.
   */
  readonly rtpTimestamp?: number;
  readonly value: unknown;
}

/** The value of a message about the clock. */
export interface PeerClock {
  /** When the hub was given the frame of this time, in milliseconds of Unix time. */
  readonly capturedAtMs: number;
  /** Number of that frame in its hub. */
  readonly sequence: number;
}

/**
 * A message of the viewer on the data channel, as JSON, a few times a second: which frame was shown last, and how long
 * before this message that was. The server knows when the frame came and reckons its age; the two clocks need not agree.
 */
export interface ViewerReport {
  readonly shown: {
    /** Microseconds of the stream; absent where the viewer knows only the time of RTP. */
    readonly timestamp?: number;
    /** 90 kHz, modulo 2^32. */
    readonly rtpTimestamp?: number;
    /** Milliseconds since it was shown. */
    readonly agoMs: number;
  };
}

/** Reads a {@link PeerData}; undefined when it is none. */
export function readPeerData(text: string): PeerData | undefined {
  const message = fromJson(text);
  if (!isObject(message)) return undefined;
  const { kind, timestamp, rtpTimestamp, value } = message;
  if (typeof kind !== "string" || !isTime(timestamp)) return undefined;
  if (rtpTimestamp === undefined) return { kind, timestamp, value };
  return isRtpTime(rtpTimestamp) ? { kind, timestamp, rtpTimestamp, value } : undefined;
}

/** Reads a {@link ViewerReport}; undefined when it is none. A viewer may send anything: nothing else is taken over. */
export function readViewerReport(text: string): ViewerReport | undefined {
  const message = fromJson(text);
  if (!isObject(message) || !isObject(message["shown"])) return undefined;
  const { timestamp, rtpTimestamp, agoMs } = message["shown"];
  if (!isTime(agoMs) || agoMs < 0) return undefined;
  const shown = {
    agoMs,
    ...(isTime(timestamp) && { timestamp }),
    ...(isRtpTime(rtpTimestamp) && { rtpTimestamp }),
  };
  return shown.timestamp === undefined && shown.rtpTimestamp === undefined ? undefined : { shown };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isRtpTime(value: unknown): value is number {
  return isTime(value) && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
