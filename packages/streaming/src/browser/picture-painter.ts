import { MillraceError } from "@millrace/core/web";
import { createNewestSlot } from "../hub/newest-slot.ts";
import { type PageCanvas, type PageImage, type PagePicture, page } from "./page.ts";

/** Decodes and shows JPEGs, of which only the newest waits. */
export interface PicturePainter<Item> {
  put(item: Item, jpeg: Uint8Array<ArrayBuffer>): void;
  /** Gives up what waits; nothing is shown any more. */
  close(): void;
}

/**
 * Makes a painter of a canvas or an `<img>`.
 *
 * @param shown - called behind each picture that was drawn
 * @param dropped - called for each that was not, because a newer one came or it is damaged
 * @throws MillraceError INVALID_OPTION when there is nothing to draw on
 */
export function createPicturePainter<Item>(
  { canvas, image }: { readonly canvas?: PageCanvas; readonly image?: PageImage },
  shown: (item: Item) => void,
  dropped: (item: Item) => void,
): PicturePainter<Item> {
  const paint = canvas ? onCanvas(canvas) : image && inImage(image);
  if (!paint) {
    throw new MillraceError("INVALID_OPTION", "Give a canvas, or an image, to show pictures in.");
  }
  let isClosed = false;
  const slot = createNewestSlot<{ readonly item: Item; readonly jpeg: Uint8Array<ArrayBuffer> }>(
    async ({ item, jpeg }) => {
      // A damaged picture is left out; the next one stands for itself.
      const isPainted = await paint(
        new Blob([jpeg], { type: "image/jpeg" }),
        () => !isClosed,
      ).catch(() => false);
      if (isClosed) return;
      if (isPainted) shown(item);
      else dropped(item);
    },
    ({ item }) => {
      if (!isClosed) dropped(item);
    },
  );
  return {
    put: (item, jpeg) => slot.put({ item, jpeg }),
    close() {
      isClosed = true;
      slot.clear();
    },
  };
}

type Paint = (jpeg: Blob, isWanted: () => boolean) => Promise<boolean>;

function onCanvas(canvas: PageCanvas): Paint {
  return async (jpeg, isWanted) => {
    const bitmap = await page().createImageBitmap?.(jpeg);
    if (!bitmap) return false;
    const isShown = isWanted() && drawOver(canvas, bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    return isShown;
  };
}

function inImage(image: PageImage): Paint {
  let before: string | undefined;
  return async (jpeg, isWanted) => {
    if (!isWanted()) return false;
    const url = URL.createObjectURL(jpeg);
    image.src = url;
    try {
      await image.decode();
    } finally {
      // The one before is off the screen only now.
      if (before !== undefined) URL.revokeObjectURL(before);
      before = url;
    }
    return true;
  };
}

/** Draws a picture over all of a canvas, which takes its size. */
export function drawOver(
  canvas: PageCanvas,
  picture: PagePicture | object,
  width: number,
  height: number,
): boolean {
  const context = canvas.getContext("2d");
  if (!context) return false;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context.drawImage(picture as never, 0, 0, width, height);
  return true;
}
