import { EMPTY, filter, map, mergeMap, type Observable, share } from "rxjs";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import type { PeerReceiver } from "../peer-transport.ts";
import { createUnwrapper } from "../rtp/frame-assembler.ts";
import { opusDurationUs } from "../rtp/opus-duration.ts";

/**
 * The sound that a peer sends, one packet after the other: what comes twice, or behind a later one, is left out, and
 * nothing is waited for.
 *
 * @param now - microseconds of the time that the sound is put into, by when its first packet comes
 */
export function receivedSound(
  receivers$: Observable<PeerReceiver>,
  now: () => number,
): Observable<EncodedSound> {
  return receivers$.pipe(
    mergeMap(({ codec, packets$ }) => {
      if (codec !== "opus") return EMPTY;
      const unwrap = createUnwrapper(32);
      let zeroUs: number | undefined;
      let lastUs = Number.NEGATIVE_INFINITY;
      return packets$.pipe(
        map(({ timestamp, data }) => {
          const us = (unwrap(timestamp) * 1_000) / 48;
          zeroUs ??= us - now();
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
