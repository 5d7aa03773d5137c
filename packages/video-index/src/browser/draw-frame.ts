import type { BrowserFrame } from "./browser-frame.ts";
import type { DrawingContext } from "./drawing-surface.ts";

/** Draws a frame the right way up over all of a context's canvas. */
export function drawFrame(frame: BrowserFrame, context: DrawingContext): void {
  const { native, upright, rotation } = frame;
  const { width, height } = context.canvas;
  const turned = upright ? 0 : rotation;
  context.save();
  // The corner that becomes the top left one.
  context.translate(turned === 90 || turned === 180 ? width : 0, turned >= 180 ? height : 0);
  context.rotate((turned * Math.PI) / 180);
  const lies = turned === 90 || turned === 270;
  context.drawImage(native as never, 0, 0, lies ? height : width, lies ? width : height);
  context.restore();
}
