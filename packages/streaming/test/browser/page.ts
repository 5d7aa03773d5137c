// What the tests call in a page of the browser. Everything that goes in and comes out is plain data.
import {
  drawDetections,
  type PageAudio,
  type PageCanvas,
  type PageContext,
  type PageVideo,
  type Player,
  type PlayerStats,
  playMjpeg,
  playWebRtc,
  playWebSocket,
  supportedTransports,
} from "../../src/browser/index.ts";
import type { PageImage, PageSoundBuffer } from "../../src/browser/page.ts";
import { drawOver } from "../../src/browser/picture-painter.ts";
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
  /** Whether to send what the microphone hears, which `openMicrophone` has opened. */
  readonly microphone?: boolean;
  /** Whether to go over TURN only. */
  readonly isRelayed?: boolean;
  /** Whether pictures are shown in an `<img>` and not on a canvas. */
  readonly isImage?: boolean;
}

interface ShownImage extends PageImage {
  readonly naturalWidth: number;
  readonly naturalHeight: number;
}
interface TestCanvas extends PageCanvas {
  getContext(kind: "2d"): PageContext & {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
}
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
  /** Loudness of each piece of sound that was put on the speakers. */
  readonly heard: number[];
}[] = [];

const newCanvas = (): TestCanvas => {
  const canvas = document.createElement("canvas") as TestCanvas;
  // Made before the player asks for it: there is one context a canvas.
  (canvas.getContext as (kind: "2d", settings: object) => unknown)("2d", {
    willReadFrequently: true,
  });
  return canvas;
};

/** A context that notes what it is made to sound. */
function listen(heard: number[]): PageAudio {
  const { AudioContext } = globalThis as unknown as { AudioContext: new () => PageAudio };
  const context = new AudioContext();
  const make = context.createBufferSource.bind(context);
  context.createBufferSource = () => {
    const source = make();
    const start = source.start.bind(source);
    source.start = (when) => {
      const samples = (source.buffer as PageSoundBuffer).getChannelData(0);
      heard.push(Math.max(...samples));
      start(when);
    };
    return source;
  };
  return context;
}

let voice: object | undefined;
async function openMicrophone(): Promise<void> {
  const { mediaDevices } = navigator as unknown as {
    mediaDevices: { getUserMedia(wanted: object): Promise<{ getAudioTracks(): object[] }> };
  };
  [voice] = (await mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
}

function play({
  kind,
  url,
  codec,
  audio = false,
  microphone = false,
  isRelayed = false,
  isImage = false,
}: PagePlay): number {
  const canvas = newCanvas();
  const image = document.createElement("img") as ShownImage;
  if (isImage) document.body.append(image);
  const overlay = newCanvas();
  const seen: SeenShown[] = [];
  const states: string[] = [];
  const data: unknown[] = [];
  const options = {
    url,
    ...(isImage ? { image } : { canvas }),
    clockOffsetMs: 0,
    onState: (state: string, reason: string) => void states.push(`${state}: ${reason}`),
    onData: (item: unknown) => void (data.length < 10_000 && data.push(item)),
    onFrame: (
      frame: Parameters<typeof drawDetections>[1] & Pick<SeenShown, "sequence" | "timestamp">,
    ) => {
      // What is on the page is what is looked at.
      if (isImage) drawOver(canvas, image, image.naturalWidth, image.naturalHeight);
      const { width, height } = canvas;
      overlay.width = width;
      overlay.height = height;
      const rows = canvas.getContext("2d").getImageData(0, 0, width, Math.ceil(height / 8)).data;
      const luminance = (x: number, y: number): number => rows[(y * width + x) * 4 + 1] ?? 0;
      const marks = readPatternMarks(width, height, luminance);
      const drawn = drawDetections(overlay.getContext("2d"), frame) as unknown as readonly {
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
  const heard: number[] = [];
  const wanted = codec !== undefined && { codec };
  const start = (): Player => {
    if (kind === "mjpeg") return playMjpeg(options);
    if (kind === "websocket")
      return playWebSocket({ ...options, canvas, ...wanted, audio: audio && listen(heard) });
    const video = document.createElement("video") as PageVideo;
    video.muted = true;
    document.body.append(video);
    return playWebRtc({
      ...{ ...options, canvas, video },
      ...(wanted as { codec?: "h264" | "vp8" }),
      ...(microphone && voice && { microphone: voice }),
      ...(isRelayed && { iceTransportPolicy: "relay" }),
    });
  };
  players.push({ player: start(), seen, states, data, heard });
  return players.length - 1;
}

const calls = {
  openMicrophone,
  play,
  seen: (id: number): readonly SeenShown[] => players[id]?.seen ?? [],
  count: (id: number): number => players[id]?.seen.length ?? 0,
  states: (id: number): readonly string[] => players[id]?.states ?? [],
  data: (id: number): readonly unknown[] => players[id]?.data ?? [],
  heard: (id: number): readonly number[] => players[id]?.heard ?? [],
  stats: (id: number): PlayerStats | undefined => players[id]?.player.stats(),
  close: (id: number): void => players[id]?.player.close(),
  supported: supportedTransports,
};

/** Calls of the page. */
export type PageCalls = typeof calls;

Object.assign(globalThis, { streamTest: calls });
