import { abortable, MillraceError } from "@millrace/core/web";
import type { EncodedImage, EncodeImageOptions, ImageType, VideoFrame } from "@millrace/media";
import type { BrowserFrame } from "./browser-frame.ts";
import { drawFrame } from "./draw-frame.ts";
import { drawingSurface } from "./drawing-surface.ts";

const DEFAULT_QUALITY = 85;

/**
 * Makes a JPEG or PNG of a browser's frame, the right way up, with the browser's own encoders.
 *
 * @throws MillraceError INVALID_OPTION when the region is not inside the frame, UNSUPPORTED when the browser does not
 * write the type
 */
export async function canvasStill(
  frame: VideoFrame,
  type: ImageType,
  { quality = DEFAULT_QUALITY, width, height, roi, signal }: EncodeImageOptions,
): Promise<EncodedImage> {
  const { codedWidth, codedHeight, displayWidth, displayHeight } = frame;
  const { upright, rotation } = frame as BrowserFrame;
  const region = roi ?? { x: 0, y: 0, width: codedWidth, height: codedHeight };
  const { x, y } = region;
  if (x < 0 || y < 0 || x + region.width > codedWidth || y + region.height > codedHeight) {
    throw new MillraceError(
      "INVALID_OPTION",
      `The roi ${region.width} × ${region.height} at ${x},${y} is not inside the frame of ${codedWidth} × ${codedHeight}.`,
    );
  }
  const across = displayWidth / codedWidth;
  const down = displayHeight / codedHeight;
  const shown = { width: region.width * across, height: region.height * down };
  const lies = !upright && rotation % 180 !== 0;
  const asShown = lies ? { width: shown.height, height: shown.width } : shown;
  const ratio =
    width !== undefined
      ? width / asShown.width
      : height !== undefined
        ? height / asShown.height
        : 1;
  const size = {
    width: width ?? Math.max(1, Math.round(asShown.width * ratio)),
    height: height ?? Math.max(1, Math.round(asShown.height * ratio)),
  };
  const surface = drawingSurface(size.width, size.height);
  // The whole picture is drawn, so large that the region covers the canvas, and shifted.
  const scaleX = (lies ? size.height : size.width) / region.width;
  const scaleY = (lies ? size.width : size.height) / region.height;
  drawFrame(frame as BrowserFrame, {
    canvas: size,
    save: () => surface.save(),
    restore: () => surface.restore(),
    translate: (toX, toY) => surface.translate(toX, toY),
    rotate: (radians) => surface.rotate(radians),
    drawImage(image: never) {
      surface.drawImage(image, -x * scaleX, -y * scaleY, codedWidth * scaleX, codedHeight * scaleY);
    },
  });
  const encoding = surface.canvas.convertToBlob({ type, quality: quality / 100 });
  const blob = await (signal ? abortable(encoding, signal) : encoding);
  if (blob.type !== type) {
    throw new MillraceError("UNSUPPORTED", `This browser does not write ${type}.`);
  }
  return { type, data: new Uint8Array(await blob.arrayBuffer()), ...size };
}
