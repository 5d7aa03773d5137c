// What the bench calls in a page of the browser: watches a stream and notes how old each frame is when it is shown.
import { type Player, playWebRtc, playWebSocket } from "@millrace/streaming/browser";

/** One way to watch. */
export type WatchKind = "img" | "websocket" | "webrtc";

/** What was seen since it was last asked. */
export interface Seen {
  /** Milliseconds from the making of a frame to its being shown, of each that was shown. */
  readonly agesMs: readonly number[];
  /** Milliseconds from the call to the first frame; null before it. */
  readonly firstMs: number | null;
}

interface Watch {
  agesMs: number[];
  firstMs: number | null;
  stop(): void;
}

interface PageElement {
  remove(): void;
}

const { document, marksOf, requestAnimationFrame } = globalThis as unknown as {
  document: {
    createElement(kind: string): never;
    body: { append(element: unknown): void };
  };
  marksOf(element: unknown): { readonly number: number; readonly clockMs: number } | null;
  requestAnimationFrame(callback: () => void): void;
};
const MARK_WRAP = 2 ** 24;
const watches: Watch[] = [];

/** Begins to watch and gives the number of the watch. */
function start(kind: WatchKind, url: string, codec?: "jpeg" | "h264"): number {
  const startedMs = performance.now();
  let lastNumber = -1;
  let isOver = false;
  const watch: Watch = { agesMs: [], firstMs: null, stop: () => {} };
  /** Reads the numbers in the pixels of what has just been shown. */
  const look = (element: unknown): void => {
    const shownMs = performance.now();
    const marks = marksOf(element);
    if (!marks || marks.number === lastNumber) return;
    lastNumber = marks.number;
    watch.firstMs ??= shownMs - startedMs;
    const ageMs = (performance.timeOrigin + shownMs - marks.clockMs) % MARK_WRAP;
    watch.agesMs.push(ageMs > MARK_WRAP / 2 ? ageMs - MARK_WRAP : ageMs);
  };
  const played = (element: PageElement, player: Player): void => {
    watch.stop = () => {
      player.close();
      element.remove();
    };
  };
  if (kind === "img") {
    const image = document.createElement("img") as PageElement & { src: string };
    image.src = url;
    document.body.append(image);
    const paint = (): void => {
      if (isOver) return;
      look(image);
      requestAnimationFrame(paint);
    };
    paint();
    watch.stop = () => {
      isOver = true;
      // A stream in an image ends when the image shows something else.
      image.src = "data:,";
      image.remove();
    };
  } else if (kind === "websocket") {
    const canvas = document.createElement("canvas") as PageElement & { width: number };
    document.body.append(canvas);
    const wanted = codec === undefined ? {} : { codec };
    const onFrame = (): void => look(canvas);
    played(canvas, playWebSocket({ url, canvas: canvas as never, ...wanted, onFrame }));
  } else {
    const video = document.createElement("video") as PageElement & { muted: boolean };
    video.muted = true;
    document.body.append(video);
    const onFrame = (): void => look(video);
    played(video, playWebRtc({ url, video: video as never, audio: false, codec: "h264", onFrame }));
  }
  return watches.push(watch) - 1;
}

const calls = {
  start,
  count: (id: number): number => watches[id]?.agesMs.length ?? 0,
  take(id: number): Seen {
    const watch = watches[id];
    const agesMs = watch?.agesMs ?? [];
    if (watch) watch.agesMs = [];
    return { agesMs, firstMs: watch?.firstMs ?? null };
  },
  stop: (id: number): void => watches[id]?.stop(),
};

/** Calls of the page. */
export type WatchCalls = typeof calls;

Object.assign(globalThis, { streamBench: calls });
