// What the tests call in a page of the browser. Everything that goes in and comes out is plain data.
import {
  drawDetections,
  type PageCanvas,
  type PageVideo,
  type Player,
  type PlayerStats,
  playMjpeg,
  playWebRtc,
  playWebSocket,
  supportedTransports,
} from "../../src/browser/index.ts";
import { readPatternMarks } from "../../src/pattern/pattern-marks.ts";

/** What was seen of a frame. */
export interface SeenShown {
  readonly sequence: number | null;
  readonly timestamp: number;
  /** In the pixels; null where they cannot be read. */
  readonly number: number | null;
  readonly ageMs: number;
  /** What was drawn over it. */
  readonly boxes: readonly { readonly number: number; readonly x: number; readonly y: number }[];
  /** Brightness in the middle of that box. */
  readonly inBox: number | null;
}

/** How to play. */
export interface PagePlay {
  readonly kind: "mjpeg" | "websocket" | "webrtc";
  readonly url: string;
  readonly codec?: "jpeg" | "h264" | "vp8";
  readonly audio?: boolean;
}

type TestCanvas = Omit<PageCanvas, "getContext"> & {
  getContext(kind: "2d"): ReturnType<PageCanvas["getContext"]> & {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
};
const { document } = globalThis as unknown as {
  document: {
    createElement(kind: string): unknown;
    body: { append(element: unknown): void };
  };
};
const players: {
  readonly player: Player;
  readonly seen: SeenShown[];
  readonly states: string[];
  readonly data: unknown[];
}[] = [];

const newCanvas = (): TestCanvas => {
  const canvas = document.createElement("canvas") as TestCanvas;
  // Made before the player asks for it: there is one context a canvas.
  (canvas.getContext as (kind: "2d", settings: object) => unknown)("2d", {
    willReadFrequently: true,
  });
  return canvas;
};

function play({ kind, url, codec, audio = false }: PagePlay): number {
  const canvas = newCanvas();
  const overlay = newCanvas();
  const seen: SeenShown[] = [];
  const states: string[] = [];
  const data: unknown[] = [];
  const options = {
    url,
    canvas,
    clockOffsetMs: 0,
    onState: (state: string, reason: string) => void states.push(`${state}: ${reason}`),
    onData: (item: unknown) => void (data.length < 10_000 && data.push(item)),
    onFrame: (
      frame: Parameters<typeof drawDetections>[1] & Pick<SeenShown, "sequence" | "timestamp">,
    ) => {
      const { width, height } = canvas;
      overlay.width = width;
      overlay.height = height;
      const rows = canvas.getContext("2d").getImageData(0, 0, width, Math.ceil(height / 8)).data;
      const luminance = (x: number, y: number): number => rows[(y * width + x) * 4 + 1] ?? 0;
      const marks = readPatternMarks(width, height, luminance);
      const context = overlay.getContext("2d") as never;
      const drawn = drawDetections(context, frame) as unknown as readonly {
        readonly number: number;
        readonly box: { readonly x: number; readonly y: number; readonly width: number };
      }[];
      const nowMs = Math.round(performance.timeOrigin + performance.now()) % 2 ** 24;
      const [first] = drawn;
      seen.push({
        sequence: frame.sequence,
        timestamp: frame.timestamp,
        number: marks?.number ?? null,
        ageMs: marks ? nowMs - marks.clockMs : Number.NaN,
        boxes: drawn.map(({ number, box }) => ({ number, x: box.x, y: box.y })),
        inBox: first
          ? (canvas
              .getContext("2d")
              .getImageData(
                first.box.x + first.box.width / 2,
                first.box.y + first.box.width / 2,
                1,
                1,
              ).data[1] ?? null)
          : null,
      });
    },
  };
  const wanted = codec !== undefined && { codec };
  const start = (): Player => {
    if (kind === "mjpeg") return playMjpeg(options);
    if (kind === "websocket") return playWebSocket({ ...options, ...wanted, audio });
    const video = document.createElement("video") as PageVideo;
    video.muted = true;
    document.body.append(video);
    return playWebRtc({ ...options, ...(wanted as { codec?: "h264" | "vp8" }), video });
  };
  players.push({ player: start(), seen, states, data });
  return players.length - 1;
}

const calls = {
  play,
  seen: (id: number): readonly SeenShown[] => players[id]?.seen ?? [],
  count: (id: number): number => players[id]?.seen.length ?? 0,
  states: (id: number): readonly string[] => players[id]?.states ?? [],
  data: (id: number): readonly unknown[] => players[id]?.data ?? [],
  stats: (id: number): PlayerStats | undefined => players[id]?.player.stats(),
  close: (id: number): void => players[id]?.player.close(),
  supported: supportedTransports,
};

/** Calls of the page. */
export type PageCalls = typeof calls;

Object.assign(globalThis, { streamTest: calls });
