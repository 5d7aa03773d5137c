import { MillraceError } from "@millrace/core/web";
import type { FrameStore } from "../access/frame-store.ts";

/** A store whose frames that cannot be decoded are the pictures of another, where that has them. */
export function withStills(decoded: FrameStore, stills: FrameStore): FrameStore {
  return {
    get index() {
      return decoded.index;
    },
    index$: decoded.index$,
    has: (frame) => decoded.has(frame) || stills.has(frame),
    get stats() {
      return decoded.stats;
    },
    async fetch(frame, options = {}) {
      const found = await decoded.fetch(frame, options);
      if (found.status !== "missing") return found;
      const { signal } = options;
      try {
        return await stills.fetch(frame, signal ? { signal } : {});
      } catch (error) {
        // The server cannot decode it either.
        if (MillraceError.is(error) && error.code === "NOT_FOUND") return found;
        throw error;
      }
    },
    stopAhead: (wanted) => decoded.stopAhead(wanted),
    async [Symbol.asyncDispose]() {
      await decoded[Symbol.asyncDispose]();
      await stills[Symbol.asyncDispose]();
    },
  };
}
