import { MillraceError } from "@millrace/core";
import type {
  AudioCodec,
  AudioData,
  AudioEncoderBackend,
  EncodedVideoFamily,
  ImageEncoder,
  LiveData,
  LiveStream,
  MediaClock,
  VideoEncoderBackend,
} from "@millrace/media";
import { EMPTY, type Observable, Subject, share, takeUntil } from "rxjs";
import type { Stoppable } from "./encode-newest.ts";
import { pictureRendition } from "./picture-rendition.ts";
import type { PictureSpec, Rendition, VideoRendition, VideoSpec } from "./rendition.ts";
import { type SoundRendition, soundRendition } from "./sound-rendition.ts";
import { stampFrames } from "./stamp-frames.ts";
import { videoRendition } from "./video-rendition.ts";

/** What {@link createFrameHub} may be told. What is not given cannot be asked for, and the rest works. */
export interface FrameHubOptions {
  /** Makes JPEGs, for `mjpeg` and `websocket`. */
  readonly images?: ImageEncoder;
  /** Makes H.264 and VP8, for `webrtc` and `websocket`. */
  readonly video?: VideoEncoderBackend;
  /** Makes Opus, for sound everywhere but in WAV. */
  readonly audio?: AudioEncoderBackend;
  /** How long the source stays subscribed when nobody watches. @defaultValue 2,000 */
  readonly lingerMs?: number;
}

/** How a {@link FrameHub} is doing. */
export interface FrameHubStats {
  /** Frames that the source gave while somebody watched. */
  readonly framesIn: number;
  /** Frames that were not later than the one before, and were shown to nobody. */
  readonly framesOutOfOrder: number;
  /** What is being made now, such as `"jpeg q80"`. */
  readonly renditions: readonly string[];
}

/** A live stream and the forms it is sent in, each made once and only while somebody watches. */
export interface FrameHub extends AsyncDisposable {
  readonly clock: MediaClock;
  /** Whether it was closed, so that nothing can be published any more. */
  readonly isClosed: boolean;
  readonly hasVideo: boolean;
  readonly hasSound: boolean;
  /** Codecs that {@link FrameHub.video} makes. */
  readonly families: readonly EncodedVideoFamily[];
  /**
   * JPEGs of the stream; equal wishes give one rendition.
   *
   * @throws MillraceError UNSUPPORTED when the stream has no pictures, MISSING_DEPENDENCY when the hub has no image
   *   encoder, CLOSED
   */
  pictures(spec?: PictureSpec): Rendition;
  /**
   * Encoded video of the stream; equal wishes give one rendition.
   *
   * @throws MillraceError UNSUPPORTED when the stream has no pictures or the encoder has not this codec,
   *   MISSING_DEPENDENCY when the hub has no video encoder, CLOSED
   */
  video(spec: VideoSpec): VideoRendition;
  /**
   * Encoded sound of the stream.
   *
   * @throws MillraceError UNSUPPORTED when the stream has no sound or the encoder has not this codec,
   *   MISSING_DEPENDENCY when the hub has no audio encoder, CLOSED
   */
  sound(family: AudioCodec): SoundRendition;
  /** The sound as the source gives it; empty where there is none. */
  readonly audio$: Observable<AudioData>;
  /** Detections, captions and events as the source gives them; empty where there are none. */
  readonly data$: Observable<LiveData>;
  /** When the frame of this time came, in milliseconds of Unix time; undefined when that is too long ago. */
  capturedAtMs(timestamp: number): number | undefined;
  /** As it is at this moment. */
  stats(): FrameHubStats;
  /**
   * Ends all renditions, as if the stream had ended; settles when their encoders are closed. The stream and the
   * libraries that encode stay their owner's.
   */
  close(): Promise<void>;
}

type Made = (Rendition | SoundRendition) & Stoppable;

const DEFAULT_LINGER_MS = 2_000;
/** Renditions that are kept in mind although nobody watches them: viewers may ask for any size there is. */
const REMEMBERED = 64;

/**
 * Opens a live stream for transports to publish.
 *
 * @example
 * ```ts
 * import { jpegTurbo } from "@millrace/media/jpeg-turbo";
 * import { createFrameHub, testPattern } from "@millrace/streaming";
 * import { firstValueFrom } from "rxjs";
 *
 * await using hub = createFrameHub(testPattern({ width: 320, height: 180 }), {
 *   images: jpegTurbo(),
 * });
 * const frame = await firstValueFrom(hub.pictures({ quality: 70 }).frames$);
 * console.log(frame.width, frame.height); // 320 180
 * ```
 */
export function createFrameHub(stream: LiveStream, options: FrameHubOptions = {}): FrameHub {
  const { images, video, audio, lingerMs = DEFAULT_LINGER_MS } = options;
  const nowMs = (): number => performance.timeOrigin + performance.now();
  const closed$ = new Subject<void>();
  let isClosed = false;
  const stamped = stampFrames((stream.video$ ?? EMPTY).pipe(takeUntil(closed$)), lingerMs, nowMs);
  const audio$ = (stream.audio$ ?? EMPTY).pipe(takeUntil(closed$), share());
  const data$ = (stream.data$ ?? EMPTY).pipe(takeUntil(closed$), share());
  const made = new Map<string, Made>();

  const check = (kind: "video$" | "audio$"): void => {
    if (isClosed) throw new MillraceError("CLOSED", "The hub is closed; nothing can be watched.");
    if (stream[kind]) return;
    const what = kind === "video$" ? "pictures" : "sound";
    throw new MillraceError("UNSUPPORTED", `This stream has no ${what}: its ${kind} is not set.`);
  };
  /** Equal wishes, in whatever order their fields stand, give one rendition. */
  const once = <T extends Made>(kind: string, spec: object, make: () => T): T => {
    const wishes = Object.entries(spec).filter(([, value]) => value !== undefined);
    const key = JSON.stringify([kind, wishes.sort(([one], [other]) => (one < other ? -1 : 1))]);
    const known = made.get(key) as T | undefined;
    if (known) return known;
    if (made.size >= REMEMBERED) {
      for (const [old, { isMade }] of made) if (!isMade) made.delete(old);
    }
    const rendition = make();
    made.set(key, rendition);
    return rendition;
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    closed$.next();
    closed$.complete();
    // What encodes may be closed by its owner as soon as the hub is.
    await Promise.all([...made.values()].map(({ stopped }) => stopped()));
  };
  return {
    clock: stream.clock,
    get isClosed() {
      return isClosed;
    },
    hasVideo: stream.video$ !== undefined,
    hasSound: stream.audio$ !== undefined,
    families: video?.families ?? [],
    pictures(spec = {}) {
      check("video$");
      if (!images) throw missing("JPEGs", "images", "jpegTurbo() of @millrace/media/jpeg-turbo");
      return once("jpeg", spec, () => pictureRendition(stamped.frames$, images, spec));
    },
    video(spec) {
      check("video$");
      if (!video)
        throw missing("video", "video", "nodeAv().videoEncoder of @millrace/media/node-av");
      if (!video.families.includes(spec.family)) {
        throw lacking(spec.family, video.name, video.families);
      }
      return once("video", spec, () => videoRendition(stamped.frames$, video, spec));
    },
    sound(family) {
      check("audio$");
      if (!audio)
        throw missing("sound", "audio", "nodeAv().audioEncoder of @millrace/media/node-av");
      if (!audio.families.includes(family)) throw lacking(family, audio.name, audio.families);
      return once("sound", { family }, () => soundRendition(audio$, audio, family, nowMs));
    },
    audio$,
    data$,
    capturedAtMs: stamped.capturedAtMs,
    stats: () => ({
      framesIn: stamped.framesIn,
      framesOutOfOrder: stamped.framesOutOfOrder,
      renditions: [...made.values()].filter(({ isMade }) => isMade).map(({ label }) => label),
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function missing(what: string, option: string, example: string): MillraceError {
  return new MillraceError(
    "MISSING_DEPENDENCY",
    `This hub encodes no ${what}: give createFrameHub an encoder as "${option}", such as ${example}.`,
  );
}

function lacking(family: string, encoder: string, families: readonly string[]): MillraceError {
  return new MillraceError(
    "UNSUPPORTED",
    `The encoder "${encoder}" makes no ${family}; it makes ${families.join(", ") || "nothing"}.`,
  );
}
