/**
 * Frees the memory of bytes that nobody will read again, instead of leaving them to the next garbage
 * collection, which V8 starts the sooner the more bytes lie outside its heap.
 *
 * A small buffer may be a part of Node's shared pool, which is not ours to free, so it is left alone.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength > Buffer.poolSize) {
    buffer.transfer(0);
  }
}
