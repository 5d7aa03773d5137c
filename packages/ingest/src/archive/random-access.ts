/** Bytes that can be read from any place: a file, memory, a URL with ranges, an object in S3. */
export interface RandomAccess {
  /** What messages call it; free of credentials. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * So many bytes from `offset` on, or as many as there are; a buffer of its own, which the caller may
   * change or free.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Buffer<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Bytes in memory; they must not change while they are read. */
export function memoryAccess(name: string, bytes: Uint8Array): RandomAccess {
  return {
    name,
    sizeBytes: bytes.length,
    async read(offset, length) {
      const end = Math.min(bytes.length, offset + length);
      return copyOf(bytes.subarray(Math.min(offset, end), end));
    },
    close: async () => {},
  };
}

/** A part of something else, which stays open when this is closed. */
export function sliceAccess(
  name: string,
  whole: RandomAccess,
  startBytes: number,
  sizeBytes: number,
): RandomAccess {
  return {
    name,
    sizeBytes,
    read: (offset, length, signal) =>
      whole.read(startBytes + offset, Math.max(0, Math.min(length, sizeBytes - offset)), signal),
    close: async () => {},
  };
}

/** A copy in memory of its own, never in Node's shared pool, so that it can be freed. */
export function copyOf(bytes: Uint8Array): Buffer<ArrayBuffer> {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
