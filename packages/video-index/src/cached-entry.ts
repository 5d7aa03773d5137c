import type { EncodedImage } from "@millrace/media";
import type { CachedFrame } from "./access/stored-frame.ts";

/** What the cache of a library holds: decoded frames, and pictures made of them. */
export type CachedEntry = CachedFrame | CachedStill;

/** A picture made of a frame. */
export interface CachedStill {
  readonly image: EncodedImage;
  readonly status: "ok" | "concealed";
  readonly exactness: CachedFrame["exactness"];
}

/** Gives up what an entry holds. */
export function releaseEntry(entry: CachedEntry): void {
  if ("frame" in entry) entry.frame?.close();
}
