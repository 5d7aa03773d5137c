import { MillraceError } from "@millrace/core/web";

/** What is used of a 2D context, of a canvas in the page or outside of it. */
export interface DrawingContext {
  readonly canvas: { width: number; height: number };
  /** Remembers the transformation. */
  save(): void;
  /** Goes back to the one that was remembered. */
  restore(): void;
  /** Moves the origin. */
  translate(x: number, y: number): void;
  /** Turns what is drawn from now on. */
  rotate(radians: number): void;
  /** Draws an image in its own size. */
  drawImage(image: never, x: number, y: number): void;
  /** Draws an image in another size. */
  drawImage(image: never, x: number, y: number, width: number, height: number): void;
  /** Draws a part of an image. */
  drawImage(
    image: never,
    fromX: number,
    fromY: number,
    fromWidth: number,
    fromHeight: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void;
}

/** What is used of a canvas, in the page or outside of it. */
export interface DrawingCanvas {
  width: number;
  height: number;
  /** What draws on it; null where it is drawn on in another way already. */
  getContext(kind: "2d"): DrawingContext | null;
}

/** A canvas that is in no page, as its context. */
export interface DrawingSurface extends DrawingContext {
  getImageData(
    x: number,
    y: number,
    width: number,
    height: number,
  ): { readonly data: Uint8ClampedArray };
  readonly canvas: {
    width: number;
    height: number;
    convertToBlob(options: { readonly type: string; readonly quality?: number }): Promise<Blob>;
  };
}

type SurfaceClass = new (
  width: number,
  height: number,
) => { getContext(kind: "2d"): DrawingSurface | null };

/**
 * Makes a canvas outside of the page; works in workers.
 *
 * @throws MillraceError MISSING_DEPENDENCY when the browser has none
 */
export function drawingSurface(width: number, height: number): DrawingSurface {
  const { OffscreenCanvas } = globalThis as { readonly OffscreenCanvas?: SurfaceClass };
  const context = OffscreenCanvas && new OffscreenCanvas(width, height).getContext("2d");
  if (context == null) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "This browser has no OffscreenCanvas, which pixels are read with; use a later one.",
    );
  }
  return context;
}
