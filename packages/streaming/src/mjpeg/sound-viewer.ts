import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import { type AudioData, wavStream, webmMuxer } from "@millrace/media";
import type { Observable } from "rxjs";
import type { EncodedSound } from "../hub/encoded-frame.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { Viewer, ViewerState } from "../viewers/viewer.ts";
import { createViewerMeter } from "../viewers/viewer-meter.ts";

/** What a listener is made with. */
export interface SoundViewerOptions {
  readonly response: ServerResponse;
  readonly hub: FrameHub;
  readonly container: "wav" | "webm";
  readonly headers: Readonly<Record<string, string>>;
  /** How long the first sound is waited for, and a listener that takes nothing. */
  readonly firstMs: number;
  readonly stallMs: number;
  /** Called when the sound cannot begin, before anything was written. */
  readonly refuse: (error: unknown) => void;
}

/** Sound that waits for a listener; of more, the oldest is dropped: who is slow comes back to the present. */
const MOST_WAITING = 50;

/**
 * Sends the sound of a stream to one listener. The header `x-start-timestamp` says where on the stream's clock the first
 * sample is, in microseconds.
 *
 * @throws MillraceError UNSUPPORTED when there is no sound, MISSING_DEPENDENCY when the hub has no encoder for it
 */
export function soundViewer(options: SoundViewerOptions): Viewer {
  const { response, hub, container, headers, stallMs } = options;
  const id = randomUUID();
  const sinceMs = Date.now();
  const meter = createViewerMeter();
  let state: ViewerState = "connecting";
  if (container === "wav" && !hub.hasSound) {
    throw new MillraceError("UNSUPPORTED", "This stream has no sound: its audio$ is not set.");
  }
  const opus = container === "webm" ? hub.sound("opus") : undefined;
  const queue = newestItems<AudioData | EncodedSound>(
    opus?.packets$ ?? hub.audio$,
    MOST_WAITING,
    () => meter.dropped(),
  );

  const bytes = (): AsyncIterable<Uint8Array> =>
    opus
      ? webm(queue.items as AsyncIterable<EncodedSound>)
      : wavStream(queue.items as AsyncIterable<AudioData>);
  /** The file of the packets; its header needs what is known only when the first one is there. */
  async function* webm(packets: AsyncIterable<EncodedSound>): AsyncGenerator<Uint8Array> {
    const audio = opus?.decoderConfig;
    if (!audio) throw new MillraceError("INTERNAL", "mjpeg: a packet came without an encoder.");
    const muxer = await webmMuxer().open("webm", { audio });
    const fill = async (): Promise<void> => {
      for await (const packet of packets) await muxer.writeAudio(packet);
      await muxer.end();
    };
    // A failure reaches the reader by the closing of the muxer.
    const filled = fill().catch(() => muxer.close());
    try {
      yield* muxer.output;
    } finally {
      await muxer.close();
      await filled;
    }
  }
  const run = async (): Promise<void> => {
    const first = await queue.first(options.firstMs);
    if (response.destroyed) return;
    response.writeHead(200, {
      ...headers,
      "content-type": container === "wav" ? "audio/wav" : "audio/webm",
      "x-start-timestamp": String(first.timestamp),
    });
    state = "live";
    for await (const piece of bytes()) {
      meter.sent(piece.length);
      if (response.write(piece) || response.destroyed) continue;
      const stall = setTimeout(() => response.destroy(), stallMs);
      const gone = new AbortController();
      await Promise.race([
        once(response, "drain", { signal: gone.signal }),
        once(response, "close", { signal: gone.signal }),
      ]).catch(() => {});
      gone.abort();
      clearTimeout(stall);
      if (response.destroyed) break;
    }
    response.end();
  };
  response.once("close", () => {
    state = "closed";
    queue.end();
  });
  run().catch((error: unknown) => {
    queue.end();
    if (response.headersSent) response.destroy();
    else options.refuse(error);
  });
  return {
    id,
    transport: "mjpeg",
    sinceMs,
    stats: () => ({
      id,
      transport: "mjpeg",
      state,
      sinceMs,
      rendition: container === "wav" ? "wav" : "webm opus",
      ...meter.read(),
      isAgeAcknowledged: false,
      rttMs: null,
      lossRatio: null,
      targetBitrate: null,
    }),
    close: () => queue.end(),
  };
}

/** The items of an Observable for one reader, who may be slow. */
interface NewestItems<T> {
  /** The first one, which stays where it is. */
  first(timeoutMs: number): Promise<T>;
  readonly items: AsyncIterable<T>;
  /** Leaves the source; what waits is given up. */
  end(): void;
}

function newestItems<T>(source$: Observable<T>, most: number, drop: () => void): NewestItems<T> {
  const waiting: T[] = [];
  let over: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const change = (): void => {
    wake?.();
    wake = undefined;
  };
  const subscription = source$.subscribe({
    next(item) {
      waiting.push(item);
      if (waiting.length > most) {
        waiting.shift();
        drop();
      }
      change();
    },
    error(error: unknown) {
      over ??= { error };
      change();
    },
    complete() {
      over ??= {};
      change();
    },
  });
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const end = (): void => {
    subscription.unsubscribe();
    over ??= {};
    waiting.length = 0;
    change();
  };
  async function* items(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = waiting.shift();
        if (item !== undefined) yield item;
        else if (!over) await changed();
        else if ("error" in over) throw over.error;
        else return;
      }
    } finally {
      subscription.unsubscribe();
    }
  }
  return {
    items: { [Symbol.asyncIterator]: items },
    end,
    async first(timeoutMs) {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        change();
      }, timeoutMs);
      try {
        for (;;) {
          const [item] = waiting;
          if (item !== undefined) return item;
          if (over) throw over.error ?? new MillraceError("CLOSED", "This stream is over.");
          if (isLate) {
            const message = `No sound came within ${timeoutMs} ms; see whether the source runs.`;
            throw new MillraceError("TIMEOUT", message, { retryable: true });
          }
          await changed();
        }
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
