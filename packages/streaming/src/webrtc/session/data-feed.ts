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
  /** Tells which time of the stream a frame has. */
  sendClock(frame: EncodedFrame): void;
}

/** Data that waits for a slow viewer: what comes above it is dropped, as what is old helps nobody. */
const MOST_WAITING_BYTES = 64 * 1024;
/** A report is short; what is longer is not read at all. */
const MOST_REPORT_CHARS = 1_024;

/** Makes the data of one viewer. */
export function createDataFeed(
  data$: Observable<LiveData>,
  clock: RtpClock,
  shown: (frame: ViewerReport["shown"], agoMs: number) => void,
): DataFeed {
  let open: PeerChannel | undefined;
  const send = (message: PeerData): void => {
    if (!open || open.bufferedAmount > MOST_WAITING_BYTES) return;
    open.send(JSON.stringify(message));
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
    sendClock({ timestamp, capturedAtMs, sequence }) {
      const value: PeerClock = { capturedAtMs, sequence };
      send({ kind: CLOCK_KIND, timestamp, rtpTimestamp: clock.video(timestamp), value });
    },
  };
}
