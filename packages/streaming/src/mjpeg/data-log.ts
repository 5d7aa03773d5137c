import type { LiveData } from "@millrace/media";
import { type Observable, share, tap } from "rxjs";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import { writeFrameComment } from "./frame-comment.ts";

/** Data of a stream as they came lately, from which each viewer takes what it has not had. */
export interface DataLog {
  /** Collects while anybody is subscribed. */
  readonly collecting$: Observable<unknown>;
  /** Where somebody stands who comes now. */
  begin(): DataPosition;
  /**
   * The first bytes of a frame's JPEG, with the data that became due since the position: those up to the frame's time,
   * late ones included. Made once for all who stand at one position.
   *
   * @returns the bytes, and the position behind them
   */
  head(
    frame: EncodedFrame,
    from: DataPosition,
  ): { readonly bytes: Uint8Array; readonly position: DataPosition };
}

/** What a viewer has had: all that came before `arrival` and is not later than `timestamp`. */
export interface DataPosition {
  readonly arrival: number;
  /** Undefined until the first frame: a viewer gets the data of its first frame, and none from before. */
  readonly timestamp: number | undefined;
}

/** Items that are kept for viewers who are slow. */
const KEPT = 256;

/** A log of one stream's data. */
export function createDataLog(data$: Observable<LiveData>): DataLog {
  const items: { readonly item: LiveData; readonly arrival: number }[] = [];
  let arrivals = 0;
  const made = new WeakMap<EncodedFrame, Map<string, Uint8Array>>();

  /** What is due, and how many of it are not kept any more. */
  const due = (frame: EncodedFrame, from: DataPosition): { data: LiveData[]; lost: number } => {
    const since = from.timestamp ?? frame.timestamp - 1;
    const data = items
      .filter(
        ({ item, arrival }) =>
          item.timestamp <= frame.timestamp && (arrival >= from.arrival || item.timestamp > since),
      )
      .map(({ item }) => item);
    const oldest = items[0]?.arrival ?? arrivals;
    return { data, lost: Math.max(0, oldest - from.arrival) };
  };
  return {
    collecting$: data$.pipe(
      tap((item) => {
        items.push({ item, arrival: arrivals++ });
        if (items.length > KEPT) items.shift();
      }),
      share(),
    ),
    begin: () => ({ arrival: arrivals, timestamp: undefined }),
    head(frame, from) {
      const key = `${from.arrival} ${from.timestamp} ${arrivals}`;
      const heads = made.get(frame) ?? new Map<string, Uint8Array>();
      made.set(frame, heads);
      let bytes = heads.get(key);
      if (!bytes) {
        const { sequence, timestamp, capturedAtMs } = frame;
        const { data, lost } = due(frame, from);
        bytes = writeFrameComment({ sequence, timestamp, capturedAtMs, data, dataDropped: lost });
        heads.set(key, bytes);
      }
      return { bytes, position: { arrival: arrivals, timestamp: frame.timestamp } };
    },
  };
}
