/** Shared memory for frames, which comes back to be used again: fresh memory costs more than a copy into it. */
export interface FrameMemory {
  /** Memory of at least this size. */
  take(sizeBytes: number): SharedArrayBuffer;
  /** Keeps memory for the next frame, within the bound. */
  give(memory: SharedArrayBuffer): void;
}

/**
 * Makes an empty store of frame memory.
 *
 * @param spareBytes - what it keeps at most
 */
export function frameMemory(spareBytes: number): FrameMemory {
  const spares: SharedArrayBuffer[] = [];
  let kept = 0;
  return {
    take(sizeBytes) {
      // Of another size are those of another stream or from before a change of size: the bound pushes them out.
      const at = spares.findLastIndex(({ byteLength }) => byteLength === sizeBytes);
      const [spare] = at < 0 ? [] : spares.splice(at, 1);
      if (!spare) return new SharedArrayBuffer(sizeBytes);
      kept -= spare.byteLength;
      return spare;
    },
    give(memory) {
      spares.push(memory);
      kept += memory.byteLength;
      while (kept > spareBytes) kept -= spares.shift()?.byteLength ?? kept;
    },
  };
}
