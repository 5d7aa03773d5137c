import { readFrameComment } from "../mjpeg/frame-comment.ts";
import { type ConnectionEnd, keepConnected } from "./keep-connected.ts";
import type { PageCanvas, PageImage } from "./page.ts";
import { createPartSplitter } from "./part-splitter.ts";
import { createPicturePainter } from "./picture-painter.ts";
import type { Player, PlayerOptions } from "./player.ts";
import { createPlayerCore } from "./player-core.ts";

/** What {@link playMjpeg} is told. */
export interface PlayMjpegOptions extends PlayerOptions {
  readonly url: string | URL;
  /** What to draw on. */
  readonly canvas?: PageCanvas;
  /** An `<img>` to show pictures in, where there is no canvas. */
  readonly image?: PageImage;
  /** Sent with the request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue that of the page */
  readonly fetch?: typeof fetch;
}

/** One picture, and what it says of itself. */
interface Picture {
  readonly sequence: number | null;
  readonly timestamp: number;
  readonly capturedAtMs?: number | undefined;
}

/**
 * Plays a stream of `mjpeg` by reading it, which tells more than an `<img>` does: numbers, times and data of the frames.
 * Works with any `multipart/x-mixed-replace`; without our comment in its pictures a frame has no number, and its time is
 * that of its coming.
 *
 * @example
 * ```ts no-run
 * import { drawDetections, playMjpeg } from "@millrace/streaming/browser";
 *
 * const canvas = document.querySelector("canvas")!;
 * const overlay = document.querySelector<HTMLCanvasElement>("canvas.overlay")!.getContext("2d")!;
 * const player = playMjpeg({
 *   url: "/live/stream.mjpeg",
 *   canvas,
 *   onFrame: (frame) => drawDetections(overlay, frame, { width: 1280, height: 720 }),
 * });
 * player.close();
 * ```
 * @throws MillraceError INVALID_OPTION when there is neither a canvas nor an image
 */
export function playMjpeg(options: PlayMjpegOptions): Player {
  const {
    url,
    headers = {},
    fetch: request = fetch,
    maxAttempts = Number.POSITIVE_INFINITY,
  } = options;
  const core = createPlayerCore(options);
  const leaving = new AbortController();
  const painter = createPicturePainter<Picture>(options, core.shown, core.dropped);

  let last = -1;
  const take = (jpeg: Uint8Array<ArrayBuffer>, isNewest: boolean): void => {
    const comment = readFrameComment(jpeg);
    if (comment) {
      // Servers send the last picture again where nothing moves, for browsers that hold one back.
      if (comment.sequence <= last) return;
      last = comment.sequence;
      core.numbered(last);
    }
    for (const item of comment?.data ?? []) core.data(item);
    const picture: Picture = comment ?? { sequence: null, timestamp: performance.now() * 1_000 };
    if (isNewest) painter.put(picture, jpeg);
    else core.dropped();
  };
  const connect = async (signal: AbortSignal): Promise<ConnectionEnd> => {
    const response = await request(url, { headers, signal, cache: "no-store" });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      const { status } = response;
      const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
      return {
        kind: status === 410 ? "over" : isFinal ? "never" : "again",
        reason: `the server answers ${status}`,
      };
    }
    const boundary = boundaryOf(response.headers.get("content-type") ?? "");
    if (boundary === undefined) {
      await response.body.cancel();
      return { kind: "never", reason: "the answer is no multipart/x-mixed-replace" };
    }
    last = -1;
    const splitter = createPartSplitter(boundary);
    const reader = response.body.getReader();
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        core.came(read.value.length);
        const parts = splitter.push(read.value);
        for (const [at, { body }] of parts.entries()) take(body, at === parts.length - 1);
        if (splitter.isOver) return { kind: "over", reason: "the stream is over" };
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
    return { kind: "again", reason: "the connection broke" };
  };
  void keepConnected(core, leaving.signal, maxAttempts, connect);
  return {
    get state() {
      return core.state;
    },
    stats: core.stats,
    close() {
      core.set("closed", "closed by the page");
      leaving.abort();
      painter.close();
    },
  };
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/x-mixed-replace\b/i.test(contentType)) return undefined;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  // Some servers write the dashes of the first line into the name; then they stand there twice.
  return quoted ?? bare;
}
