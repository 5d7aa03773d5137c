/** Tells times of the stream from times of RTP. */
export interface RtpTimes {
  /** Both times of one frame are known. */
  anchor(rtpTimestamp: number, timestamp: number): void;
  /** Microseconds of the stream; undefined before anything is known. */
  toTimestamp(rtpTimestamp: number): number | undefined;
}

/** Ticks of video a microsecond. */
const TICKS = 0.09;
/** Frames whose very times are kept, as those of the stream may have fractions of a tick. */
const REMEMBERED = 600;

/** Makes a table of both. */
export function createRtpTimes(): RtpTimes {
  const known = new Map<number, number>();
  let last: { readonly rtpTimestamp: number; readonly timestamp: number } | undefined;
  return {
    anchor(rtpTimestamp, timestamp) {
      known.set(rtpTimestamp, timestamp);
      if (known.size > REMEMBERED) known.delete(known.keys().next().value as number);
      last = { rtpTimestamp, timestamp };
    },
    toTimestamp(rtpTimestamp) {
      const exact = known.get(rtpTimestamp);
      if (exact !== undefined || !last) return exact;
      // The shorter way round, as the 32 bits wrap every 13 hours.
      const ticks = (rtpTimestamp - last.rtpTimestamp) | 0;
      return last.timestamp + Math.round(ticks / TICKS);
    },
  };
}
