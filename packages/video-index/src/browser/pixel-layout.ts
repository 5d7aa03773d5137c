import { PIXEL_FORMATS, planeLayouts, type VideoPixelFormat } from "@millrace/media";
import type { WebRect, WebVideoFrame } from "./web-codecs-library.ts";

/** How the pixels of a browser's frame are copied out of it. */
export interface PixelLayout {
  readonly format: VideoPixelFormat;
  /** Pixels of the picture, without what surrounds it in memory. */
  readonly width: number;
  readonly height: number;
  /** Options of `copyTo`: planes without padding, one after another. */
  readonly options: object;
}

/** The frame's own format where we have it too; else RGBA, which every browser can make of it. */
export function pixelLayout(frame: WebVideoFrame): PixelLayout {
  const { visibleRect, displayWidth: width, displayHeight: height } = frame;
  const rect: WebRect = visibleRect ?? { x: 0, y: 0, width, height };
  const own = PIXEL_FORMATS.find((format) => format === frame.format);
  const format = own ?? "RGBA";
  const layout = planeLayouts(format, rect.width, rect.height);
  return {
    format,
    width: rect.width,
    height: rect.height,
    options: {
      rect: { x: rect.x, y: rect.y, width: rect.width, height: rect.height },
      layout: layout.map(({ offset, stride }) => ({ offset, stride })),
      ...(own === undefined && { format, colorSpace: "srgb" }),
    },
  };
}
