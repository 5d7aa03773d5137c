import { MillraceError } from "@millrace/core";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { PictureSpec, Rendition } from "../hub/rendition.ts";

/** Renditions that viewers of one publication have, so many different ones at most. */
export interface PictureShelf {
  /**
   * Takes a rendition. The returned call gives it back; calling it twice does nothing.
   *
   * @throws MillraceError LIMIT_EXCEEDED when it would be one too many, and what {@link FrameHub.pictures} throws
   */
  take(spec: PictureSpec): { readonly rendition: Rendition; readonly giveBack: () => void };
}

/** A shelf over the hub. */
export function createPictureShelf(hub: FrameHub, maxRenditions: number): PictureShelf {
  const takers = new Map<Rendition, number>();
  return {
    take(spec) {
      const rendition = hub.pictures(spec);
      const count = takers.get(rendition) ?? 0;
      if (count === 0 && takers.size >= maxRenditions) {
        throw new MillraceError(
          "LIMIT_EXCEEDED",
          `${maxRenditions} different pictures are being made, which is the most that may; ask for one of these sizes and qualities: ` +
            `${[...takers.keys()].map(({ label }) => label).join(", ")}.`,
          { retryable: true },
        );
      }
      takers.set(rendition, count + 1);
      let isTaken = true;
      return {
        rendition,
        giveBack() {
          if (!isTaken) return;
          isTaken = false;
          const left = (takers.get(rendition) ?? 1) - 1;
          if (left === 0) takers.delete(rendition);
          else takers.set(rendition, left);
        },
      };
    },
  };
}
