import type { VideoFrame } from "@millrace/media";

/** Size of a rendition: what is asked for, the shape kept where only one side is; even, as 4:2:0 wants it. */
export function renderedSize(
  { displayWidth, displayHeight }: VideoFrame,
  wanted: { readonly width?: number; readonly height?: number; readonly maxHeight?: number },
): { readonly width: number; readonly height: number } {
  const { width, maxHeight = Number.POSITIVE_INFINITY } = wanted;
  const isTooHigh = width === undefined && displayHeight > maxHeight;
  const height = wanted.height ?? (isTooHigh ? maxHeight : undefined);
  const shape = displayWidth / displayHeight;
  return {
    width: even(width ?? (height === undefined ? displayWidth : height * shape)),
    height: even(height ?? (width === undefined ? displayHeight : width / shape)),
  };
}

function even(size: number): number {
  return Math.max(2, 2 * Math.round(size / 2));
}
