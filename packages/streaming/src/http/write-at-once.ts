import { ServerResponse } from "node:http";

const LINE_END = Buffer.from("\r\n");

/**
 * Writes pieces of a body as one, when the headers are on their way (`flushHeaders()`). By itself a response puts lengths
 * and line ends around each piece, as text, and its bookkeeping takes a tenth of what a crowd of viewers costs: where
 * nobody stands between it and its connection, as a middleware that compresses may, chunks are made here (RFC 9112, 7.1).
 *
 * @param onTaken - called when the system has all of it, or with what went wrong; not at all where the connection had
 *   been ended before, which the response tells by `close`
 * @returns bytes of the pieces
 */
export function writeAtOnce(
  response: ServerResponse,
  pieces: readonly Uint8Array[],
  onTaken: (error?: Error | null) => void,
): number {
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const { socket } = response;
  if (sizeBytes === 0) {
    // An empty chunk would be the end.
    process.nextTick(onTaken, null);
    return 0;
  }
  const isPlain =
    response.write === ServerResponse.prototype.write && response.writableCorked === 0;
  const isDirect = isPlain && socket?.writable === true;
  const out = isDirect ? socket : response;
  const isChunk = isDirect && response.chunkedEncoding;
  const length = Buffer.from(`${sizeBytes.toString(16)}\r\n`, "latin1");
  const all = isChunk ? [length, ...pieces, LINE_END] : pieces;
  socket?.cork();
  if (!isDirect) response.cork();
  all.forEach((piece, at) => {
    if (at < all.length - 1) out.write(piece);
    else out.write(piece, onTaken);
  });
  if (!isDirect) response.uncork();
  socket?.uncork();
  return sizeBytes;
}
