/** Freed buffers kept for the next batches: a sink holds one while the next is filled. */
const KEPT = 4;

/**
 * Memory for the values of batches, used again once a batch is released.
 *
 * Fresh megabytes for every batch would have V8 collect garbage every few batches, since it counts the
 * bytes outside its heap. A released buffer moves to a new owner (`transfer`), which empties every view
 * of it: whoever uses a batch after its release finds nothing, rather than the values of another batch.
 */
export class BatchMemory {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes; its content is undefined. */
  take(sizeBytes: number): ArrayBuffer {
    const kept = this.#free.pop();
    return kept !== undefined && kept.byteLength >= sizeBytes ? kept : new ArrayBuffer(sizeBytes);
  }

  /** Empties the buffer for its present holders; a second time does nothing. */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.detached) return;
    if (this.#free.length < KEPT) this.#free.push(buffer.transfer());
    else buffer.transfer(0);
  }
}
