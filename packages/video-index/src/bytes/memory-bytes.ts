import type { ByteSource } from "./byte-source.ts";

/** A video that is in memory already. Its bytes must not change. */
export function memoryBytes(bytes: Uint8Array, name = "memory"): ByteSource {
  return {
    name,
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
