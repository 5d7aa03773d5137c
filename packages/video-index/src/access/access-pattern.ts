/** How the frames of a video are being asked for. */
export type AccessPattern =
  | { readonly kind: "random" }
  /** Every so-manieth frame: 1 forwards one by one, -1 backwards, 5 every fifth. */
  | { readonly kind: "stride"; readonly stride: number };

/** Watches which frames are asked for. */
export interface AccessWatcher {
  /** Takes note of a request; tells how the last few followed one another. */
  observe(frame: number): AccessPattern;
}

const RANDOM: AccessPattern = { kind: "random" };
/** A longer stride than that reaches another group of pictures with nearly every step, and nothing is gained. */
const LONGEST_STRIDE = 64;

/** Two equal steps one after another are a pattern; asking again for the same frame is no step. */
export function accessWatcher(): AccessWatcher {
  let last: number | undefined;
  let lastStep = 0;
  let pattern = RANDOM;
  return {
    observe(frame) {
      if (frame === last) return pattern;
      const step = last === undefined ? 0 : frame - last;
      last = frame;
      const steady = step !== 0 && step === lastStep && Math.abs(step) <= LONGEST_STRIDE;
      lastStep = step;
      pattern = steady ? { kind: "stride", stride: step } : RANDOM;
      return pattern;
    },
  };
}
