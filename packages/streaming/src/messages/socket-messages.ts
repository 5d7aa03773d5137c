import type { LiveData } from "@millrace/media";

/** Forms in which pictures come over a WebSocket. */
export type SocketCodec = "jpeg" | "h264" | "vp8";

/** Forms in which sound comes: Opus packets, or samples of 16 bits, little-endian, channels side by side. */
export type SocketSound = "opus" | "pcm";

/** What a viewer wants. All but the codec may be left out; numbers are bounds that are rounded to what is made. */
export interface SocketWishes {
  readonly codec: SocketCodec;
  /** Frames a second at most. */
  readonly framerate?: number;
  /** Of a JPEG, 1 to 100. */
  readonly quality?: number;
  readonly width?: number;
  readonly height?: number;
  readonly audio?: SocketSound;
}

/** The first message of the server: facts of the stream. */
export interface HelloMessage {
  readonly type: "hello";
  readonly version: 1;
  readonly codecs: readonly SocketCodec[];
  readonly sound: readonly SocketSound[];
  /** What is due on the stream's clock, in microseconds, and when that was, in milliseconds of Unix time. */
  readonly clock: { readonly timestamp: number; readonly atMs: number };
  /** Whether frames are for showing at once, or evenly. */
  readonly latencyMode: "realtime" | "smooth";
}

/** What a decoder needs for the chunks that follow. */
export interface VideoMessage {
  readonly type: "video";
  /** WebCodecs codec string. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** Base64. */
  readonly description?: string;
  /** In words, such as `"h264 ≤480"`. */
  readonly rendition: string;
}

/** What is needed to hear the sound that follows. */
export interface SoundMessage {
  readonly type: "sound";
  readonly codec: SocketSound;
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  /** Base64. */
  readonly description?: string;
}

/** An item of the stream's `data$`. */
export interface DataMessage extends LiveData {
  readonly type: "data";
}

/** Text messages of the server, as JSON. */
export type ServerMessage = HelloMessage | VideoMessage | SoundMessage | DataMessage;

/**
 * Text messages of the viewer, as JSON: what to send from now on, and that a frame has been taken. An `ack` is for all
 * frames up to its number; `agoMs` says how long ago it was shown, and is left out where it was not.
 */
export type ViewerMessage =
  | ({ readonly type: "watch" } & SocketWishes)
  | { readonly type: "ack"; readonly sequence: number; readonly agoMs?: number };

/** Reads a message of the server; undefined when it is none that is known here. */
export function readServerMessage(text: string): ServerMessage | undefined {
  const message = fromJson(text);
  const known = ["hello", "video", "sound", "data"];
  return known.includes(String(message?.["type"])) ? (message as never) : undefined;
}

/** Reads a message of a viewer; undefined when it is none. A viewer may send anything: nothing else is taken over. */
export function readViewerMessage(text: string): ViewerMessage | undefined {
  const message = fromJson(text);
  if (message?.["type"] === "ack") {
    const { sequence, agoMs } = message;
    if (!isNumber(sequence, 0, 2 ** 32 - 1) || !Number.isInteger(sequence)) return undefined;
    if (agoMs === undefined) return { type: "ack", sequence };
    return isNumber(agoMs, 0, 3_600_000) ? { type: "ack", sequence, agoMs } : undefined;
  }
  if (message?.["type"] !== "watch") return undefined;
  const wishes = readWishes(message);
  return wishes && { type: "watch", ...wishes };
}

/** Reads wishes of a message or a query, where numbers may be text; undefined when one of them cannot be. */
export function readWishes(fields: Readonly<Record<string, unknown>>): SocketWishes | undefined {
  const { codec, audio } = fields;
  if (codec !== "jpeg" && codec !== "h264" && codec !== "vp8") return undefined;
  if (audio !== undefined && audio !== "opus" && audio !== "pcm") return undefined;
  const numbers: Record<string, number> = {};
  for (const [name, most] of [
    ["framerate", 240],
    ["quality", 100],
    ["width", 16_384],
    ["height", 16_384],
  ] as const) {
    const given = fields[name];
    if (given === undefined) continue;
    const number = typeof given === "string" && given !== "" ? Number(given) : given;
    // Nothing below one: a hundredth of a frame a second would be no stream.
    if (!isNumber(number, 1, most)) return undefined;
    numbers[name] = number;
  }
  return { codec, ...numbers, ...(audio !== undefined && { audio }) };
}

function fromJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as never) : undefined;
  } catch {
    return undefined;
  }
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}
