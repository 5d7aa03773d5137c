// What the tests call in a page of the browser. Everything that goes in and comes out is plain data.
import { openFrameCount, scalarScaler } from "@millrace/media";
import {
  type BrowserVideo,
  copyPixels,
  type DrawingContext,
  type DrawnFrame,
  type OpenBrowserVideoOptions,
  openVideo,
} from "../../src/browser/index.ts";
import { BARCODE_BITS, BARCODE_CELL, readBarcode } from "../../src/testing/barcode.ts";

/** A canvas of the page. */
interface PageCanvas {
  width: number;
  height: number;
  getContext(
    kind: "2d",
    settings?: { willReadFrequently: boolean },
  ): DrawingContext & {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
}

/** What can be told of a video from outside of the page. */
export type PageOpenOptions = Pick<
  OpenBrowserVideoOptions,
  "mode" | "hardwareAcceleration" | "cacheBytes"
> & {
  readonly index?: string;
  /** Where pictures lie: the number of the frame comes behind. */
  readonly stills?: string;
};

/** A frame that was drawn, and the number in the pixels of the canvas. */
export interface SeenFrame extends Omit<DrawnFrame, "timing"> {
  readonly seen: number | undefined;
  readonly width: number;
  readonly height: number;
}

/** How a call ended. */
export type PageOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string };

const { document } = globalThis as unknown as {
  document: { createElement(kind: "canvas"): PageCanvas };
};
const videos = new Map<number, BrowserVideo>();

const videoOf = (id: number): BrowserVideo => videos.get(id) as BrowserVideo;
const newCanvas = (): PageCanvas => {
  const canvas = document.createElement("canvas");
  // Made before the video asks for it: there is one context a canvas.
  canvas.getContext("2d", { willReadFrequently: true });
  return canvas;
};

/** The number on a canvas, along its top; where it is turned clockwise by 270 degrees, up its left side. */
function barcodeOf(canvas: PageCanvas, turned = false): number | undefined {
  const context = canvas.getContext("2d");
  let number = 0;
  for (let bit = 0; bit < BARCODE_BITS; bit++) {
    const along = bit * BARCODE_CELL + BARCODE_CELL / 2;
    const { data } = turned
      ? context.getImageData(4, canvas.height - along, 8, 1)
      : context.getImageData(along, 4, 1, 8);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
      sum += 0.299 * red + 0.587 * green + 0.114 * blue;
    }
    const mean = sum / 8;
    if (Math.abs(mean - 128) < 40) return undefined;
    if (mean > 128) number |= 1 << bit;
  }
  return number;
}

async function outcome<T>(call: Promise<T>): Promise<PageOutcome<T>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { ok: false, code, message };
  }
}

const calls = {
  async open(url: string, { stills, ...options }: PageOpenOptions = {}) {
    return await outcome(
      openVideo(url, {
        ...options,
        ...(stills !== undefined && { stillUrl: (frame: number) => `${stills}${frame}` }),
      }).then((video) => {
        const id = videos.size + 1;
        videos.set(id, video);
        return { id, mode: video.mode, info: video.info };
      }),
    );
  },

  /** Draws frames one after another, and reads each from the canvas. */
  async drawEach(id: number, order: readonly number[]): Promise<readonly SeenFrame[]> {
    const canvas = newCanvas();
    const seen: SeenFrame[] = [];
    for (const frame of order) {
      const drawn = await videoOf(id).draw(frame, canvas);
      if (drawn === undefined) throw new Error(`frame ${frame} was superseded by nobody`);
      const { timing: _, ...info } = drawn;
      const turned = videoOf(id).info.rotation === 270;
      const number = barcodeOf(canvas, turned);
      seen.push({ ...info, seen: number, width: canvas.width, height: canvas.height });
    }
    return seen;
  },

  /** Asks for frames faster than they come: which were drawn, and what the canvas shows in the end. */
  async drawAtOnce(id: number, order: readonly number[]) {
    const canvas = newCanvas();
    const drawn = await Promise.all(order.map((frame) => videoOf(id).draw(frame, canvas)));
    return { drawn: drawn.map((it) => it?.index), seen: barcodeOf(canvas) };
  },

  /** Draws one frame and gives another up: how each ended. */
  async abortOne(id: number, given: number, wanted: number) {
    const canvas = newCanvas();
    const controller = new AbortController();
    const first = outcome(videoOf(id).draw(given, canvas, { signal: controller.signal }));
    const second = outcome(videoOf(id).draw(wanted, canvas));
    controller.abort(Object.assign(new Error("given up"), { code: "MINE" }));
    return { first: await first, second: await second, seen: barcodeOf(canvas) };
  },

  /** The number in a frame's own pixels, which are copied out of the browser's. */
  async copied(id: number, frame: number) {
    using raw = await videoOf(id).frameAt(frame);
    if (raw.frame === undefined) return undefined;
    using pixels = await copyPixels(raw.frame);
    const { format, codedWidth, codedHeight, pts, rotation } = pixels;
    using grey = await scalarScaler().scale(pixels, { format: "I420" });
    return {
      format,
      codedWidth,
      codedHeight,
      pts,
      rotation,
      native: raw.frame.format,
      seen: readBarcode(grey),
    };
  },

  /** What asking for pixels at once says. */
  async pixelsAtOnce(id: number) {
    using raw = await videoOf(id).frameAt(0);
    return await outcome((async () => raw.frame?.data.length)());
  },

  async jpeg(id: number, frame: number, size: { readonly width?: number } = {}) {
    const still = await videoOf(id).frameAt(frame, { as: "jpeg", quality: 95, ...size });
    return { width: still.image?.width, height: still.image?.height, type: still.image?.type };
  },

  async forwards(id: number) {
    const numbers: number[] = [];
    for await (const result of videoOf(id).frames()) {
      using raw = result;
      if (raw.frame === undefined) continue;
      using pixels = await copyPixels(raw.frame);
      using grey = await scalarScaler().scale(pixels, { format: "I420" });
      numbers.push(readBarcode(grey) ?? -1);
    }
    return numbers;
  },

  /** Closes a video while frames of it are awaited: how they ended, and what is open behind. */
  async closeMeanwhile(id: number, order: readonly number[]) {
    const video = videoOf(id);
    const asked = order.map((frame) =>
      outcome(video.draw(frame, newCanvas()).then((it) => it?.index)),
    );
    // So that some are on their way to the decoder, and some are not.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await video.close();
    return { ended: await Promise.all(asked), open: openFrameCount() };
  },

  stats: (id: number) => videoOf(id).stats,

  async close(id: number): Promise<number> {
    await videoOf(id).close();
    return openFrameCount();
  },
};

/** The calls, for the tests' types. */
export type PageCalls = typeof calls;

Object.assign(globalThis, { videoTest: calls });
