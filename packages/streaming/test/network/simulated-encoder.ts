import { seededRandom } from "./seeded-random.ts";

/** An encoder as real ones are: sizes tremble around the bitrate, and key frames are several times as large. */
export interface SimulatedEncoder {
  setBitrate(bitrate: number): void;
  /** One within 250 ms of another is given at their end. */
  requestKeyFrame(): void;
  /** The next frame. */
  encode(atMs: number): { readonly sizeBytes: number; readonly isKey: boolean };
}

const KEY_FRAME_GUARD_MS = 250;

/** Makes an encoder of 30 frames a second. */
export function createSimulatedEncoder(bitrate: number, seed: number): SimulatedEncoder {
  const random = seededRandom(seed + 1_000);
  let wanted = bitrate;
  let [isKeyWanted, keyAtMs, debt] = [true, Number.NEGATIVE_INFINITY, 0];
  const noise = (): number => {
    // Sum of uniform numbers, near enough to a bell.
    const bell = random() + random() + random() - 1.5;
    return Math.exp(bell * 0.4);
  };
  return {
    setBitrate(next) {
      wanted = next;
    },
    requestKeyFrame() {
      isKeyWanted = true;
    },
    encode(atMs) {
      const usual = wanted / 8 / 30;
      const isKey = isKeyWanted && atMs - keyAtMs >= KEY_FRAME_GUARD_MS;
      if (isKey) {
        isKeyWanted = false;
        keyAtMs = atMs;
        const times = 4 + random() * 4;
        debt = usual * (times - 1);
        return { sizeBytes: Math.round(usual * times), isKey };
      }
      // Rate control takes back what a key frame took, over the next second.
      const size = usual * noise();
      const repaid = Math.min(debt, size * 0.25);
      debt -= repaid;
      return { sizeBytes: Math.max(200, Math.round(size - repaid)), isKey };
    },
  };
}
