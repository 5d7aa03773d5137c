import { filter, map, mergeMap, type Observable, share, take } from "rxjs";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import type { PeerReceiver } from "../peer-transport.ts";
import { createUnwrapper } from "../rtp/frame-assembler.ts";
import { opusDurationUs } from "../rtp/opus-duration.ts";

/** Where the sender's clock is so far from when its packets come, it was stopped, or a number is wrong. */
const APART_US = 1_000_000;

/**
 * The sound that a peer sends in its first section with sound, one packet after the other: what comes twice, or behind a
 * later one, is left out, and nothing is waited for.
 *
 * @param now - microseconds of the time that the sound is put into, by when a packet comes: the first one, and the first
 *   one after a pause
 */
export function receivedSound(
  receivers$: Observable<PeerReceiver>,
  now: () => number,
): Observable<EncodedSound> {
  return receivers$.pipe(
    filter(({ codec }) => codec === "opus"),
    take(1),
    mergeMap(({ packets$ }) => {
      const unwrap = createUnwrapper(32);
      let zeroUs: number | undefined;
      let lastUs = Number.NEGATIVE_INFINITY;
      return packets$.pipe(
        map(({ timestamp, data }) => {
          const us = (unwrap(timestamp) * 1_000) / 48;
          const cameUs = now();
          zeroUs ??= us - cameUs;
          if (Math.abs(us - zeroUs - cameUs) > APART_US) zeroUs = us - cameUs;
          return {
            timestamp: Math.round(us - zeroUs),
            duration: opusDurationUs(data),
            capturedAtMs: performance.timeOrigin + performance.now(),
            data,
          };
        }),
        filter(({ timestamp, duration }) => {
          if (duration === 0 || timestamp <= lastUs) return false;
          lastUs = timestamp;
          return true;
        }),
      );
    }),
    share(),
  );
}
