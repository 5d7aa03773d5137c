import { planeLayouts } from "@millrace/media";
import { type PixelLayout, pixelLayout } from "./pixel-layout.ts";
import type { WebCodecsLibrary, WebVideoFrame } from "./web-codecs-library.ts";

/**
 * The same picture in memory of its own, so that its decoder can use the old one again. Takes the frame over.
 *
 * A picture that the browser copies only as RGB becomes RGB.
 */
export async function ownCopy(
  { VideoFrame }: WebCodecsLibrary,
  frame: WebVideoFrame,
): Promise<WebVideoFrame> {
  try {
    const { format, options, width, height }: PixelLayout = pixelLayout(frame);
    const layout = planeLayouts(format, width, height);
    const data = new Uint8Array(layout.reduce((sum, { stride, rows }) => sum + stride * rows, 0));
    await frame.copyTo(data, options);
    const { timestamp, displayWidth, displayHeight, colorSpace } = frame;
    return new VideoFrame(
      data as never,
      {
        format,
        codedWidth: width,
        codedHeight: height,
        displayWidth,
        displayHeight,
        timestamp,
        layout: layout.map(({ offset, stride }) => ({ offset, stride })),
        ...(format !== "RGBA" && { colorSpace }),
        transfer: [data.buffer],
      } as never,
    );
  } finally {
    frame.close();
  }
}
