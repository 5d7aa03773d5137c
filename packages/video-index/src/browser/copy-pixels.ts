import { frameBytes, type VideoFrame, videoFrame } from "@millrace/media";
import type { BrowserFrame } from "./browser-frame.ts";
import { drawingSurface } from "./drawing-surface.ts";
import { pixelLayout } from "./pixel-layout.ts";
import type { WebVideoFrame } from "./web-codecs-library.ts";

/**
 * Copies the pixels of a browser's frame into memory, for `scalarScaler()`, a model or a file. The frame stays open; the
 * copy is the receiver's.
 *
 * In the frame's own format where the browser says it, else as RGBA. Pictures from a server are RGBA.
 */
export async function copyPixels(frame: BrowserFrame): Promise<VideoFrame> {
  const { pts, timeBase, rotation, upright, displayWidth, displayHeight } = frame;
  const duration = frame.duration === null ? null : frame.duration / 1e6;
  const labels = {
    pts,
    timeBase,
    duration: duration === null ? null : (duration * timeBase.den) / timeBase.num,
    displayWidth,
    displayHeight,
  };
  if (!isVideoFrame(frame.native)) {
    const { codedWidth, codedHeight } = frame;
    const context = drawingSurface(codedWidth, codedHeight);
    context.drawImage(frame.native as never, 0, 0);
    const { data } = context.getImageData(0, 0, codedWidth, codedHeight);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const shape = { format: "RGBA", codedWidth, codedHeight, data: bytes } as const;
    return videoFrame({ ...labels, ...shape, rotation: upright ? 0 : rotation });
  }
  const { format, width, height, options } = pixelLayout(frame.native);
  const data = new Uint8Array(frameBytes(format, width, height));
  await frame.native.copyTo(data, options);
  return videoFrame({
    ...labels,
    format,
    codedWidth: width,
    codedHeight: height,
    rotation,
    data,
    colorSpace: format === "RGBA" ? { matrix: "rgb", fullRange: true } : frame.colorSpace,
  });
}

function isVideoFrame(native: object): native is WebVideoFrame {
  return "copyTo" in native;
}
