import { MillraceError } from "@millrace/core";
import type {
  AudioCodec,
  AudioData,
  AudioDecoderConfig,
  AudioEncoder,
  AudioEncoderBackend,
} from "@millrace/media";
import { Observable, share } from "rxjs";
import type { Stoppable } from "./encode-newest.ts";
import type { EncodedSound } from "./encoded-frame.ts";

/** Encoded sound of a stream, made once for all who listen, and only while somebody does. */
export interface SoundRendition {
  /** In words, such as `"opus"`. */
  readonly label: string;
  /** Whether somebody listens, so that it is being made. */
  readonly isMade: boolean;
  /** Packets as they are full, without a gap. Ends when the stream ends; fails when the encoder does. */
  readonly packets$: Observable<EncodedSound>;
  /** What a decoder needs; undefined before the first packet. */
  readonly decoderConfig: AudioDecoderConfig | undefined;
}

/** Sound that waits for the encoder: more than this is dropped, or sound would lag behind the pictures for good. */
const MOST_WAITING = 50;

/** Encodes the sound of a stream while somebody listens. */
export function soundRendition(
  audio$: Observable<AudioData>,
  backend: AudioEncoderBackend,
  family: AudioCodec,
  nowMs: () => number,
): SoundRendition & Stoppable {
  let current: AudioEncoder | undefined;
  let isMade = false;
  let running: Promise<void> = Promise.resolve();
  const packets$ = new Observable<EncodedSound>((subscriber) => {
    isMade = true;
    const ended = Promise.withResolvers<void>();
    running = running.then(() => ended.promise);
    let encoder: AudioEncoder | undefined;
    let turn: Promise<void> = Promise.resolve();
    let waiting = 0;
    const encode = async (sound: AudioData, capturedAtMs: number): Promise<void> => {
      if (subscriber.closed) return;
      encoder ??= await backend.open({
        family,
        sampleRate: sound.sampleRate,
        numberOfChannels: channelsOf(sound),
      });
      current = encoder;
      for (const packet of await encoder.encode(sound)) {
        subscriber.next({ ...packet, capturedAtMs });
      }
    };
    const subscription = audio$.subscribe({
      next(sound) {
        if (waiting >= MOST_WAITING) return;
        waiting++;
        const capturedAtMs = nowMs();
        turn = turn
          .then(() => encode(sound, capturedAtMs))
          .catch((error: unknown) => subscriber.error(error))
          .finally(() => waiting--);
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => void turn.then(() => subscriber.complete()),
    });
    return () => {
      isMade = false;
      subscription.unsubscribe();
      void turn.then(() => encoder?.close()).then(ended.resolve, ended.resolve);
      if (current === encoder) current = undefined;
    };
  }).pipe(share());
  return {
    label: family,
    stopped: () => running,
    get isMade() {
      return isMade;
    },
    packets$,
    get decoderConfig() {
      return current?.decoderConfig;
    },
  };
}

function channelsOf({ numberOfChannels }: AudioData): 1 | 2 {
  if (numberOfChannels === 1 || numberOfChannels === 2) return numberOfChannels;
  throw new MillraceError(
    "UNSUPPORTED",
    `Sound of ${numberOfChannels} channels cannot be streamed; mix it down to one or two.`,
  );
}
