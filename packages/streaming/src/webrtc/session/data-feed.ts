import type { LiveData } from "@millrace/media";
import { type Observable, takeUntil } from "rxjs";
import type { EncodedFrame } from "../../hub/encoded-frame.ts";
import {
  CLOCK_KIND,
  DATA_CHANNEL,
  type PeerClock,
  type PeerData,
  readViewerReport,
  type ViewerReport,
} from "../../messages/peer-messages.ts";
import type { PeerChannel } from "../peer-transport.ts";
import type { RtpClock } from "./rtp-clock.ts";

/** What goes along with the pictures of one viewer, over its data channel. */
export interface DataFeed {
  /** Uses a channel that the viewer has opened, when it is the one for data. */
  take(channel: PeerChannel, until$: Observable<unknown>): void;
  /** Tells when a frame was made, where that says more of the clock than what was told before. */
  tellClock(frame: EncodedFrame): void;
}

/** Data that waits for a slow viewer: what comes above it is dropped, as what is old helps nobody. */
const MOST_WAITING_BYTES = 64 * 1024;
/** A clock that is nearer to the truth by less is not told again. */
const NEARER_MS = 5;
/** A report is short; what is longer is not read at all. */
const MOST_REPORT_CHARS = 1_024;

/** Makes the data of one viewer. */
export function createDataFeed(
  data$: Observable<LiveData>,
  clock: RtpClock,
  shown: (frame: ViewerReport["shown"], agoMs: number) => void,
): DataFeed {
  let open: PeerChannel | undefined;
  let toldMs = Number.POSITIVE_INFINITY;
  const send = (message: PeerData): boolean => {
    if (!open || open.bufferedAmount > MOST_WAITING_BYTES) return false;
    open.send(JSON.stringify(message));
    return true;
  };
  return {
    take(channel, until$) {
      if (open || channel.label !== DATA_CHANNEL) return;
      open = channel;
      data$.pipe(takeUntil(until$)).subscribe({
        next: ({ kind, timestamp, value }) =>
          send({ kind, timestamp, rtpTimestamp: clock.video(timestamp), value }),
        error: () => {},
      });
      channel.message$.pipe(takeUntil(until$)).subscribe((message) => {
        if (typeof message !== "string" || message.length > MOST_REPORT_CHARS) return;
        const report = readViewerReport(message);
        if (report) shown(report.shown, report.shown.agoMs);
      });
    },
    tellClock({ timestamp, capturedAtMs, sequence, isKey }) {
      // A frame that came late makes the clock late: all others would seem younger than they are, or not made yet.
      const beginMs = capturedAtMs - timestamp / 1_000;
      if (!isKey && beginMs > toldMs - NEARER_MS) return;
      const value: PeerClock = { capturedAtMs, sequence };
      const rtpTimestamp = clock.video(timestamp);
      if (send({ kind: CLOCK_KIND, timestamp, rtpTimestamp, value })) toldMs = beginMs;
    },
  };
}
