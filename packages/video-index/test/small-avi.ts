/** A chunk of an AVI file: its name, its length and its bytes, padded to an even place. */
export function aviChunk(type: string, body: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(8 + body.length + (body.length % 2));
  chunk.set(new TextEncoder().encode(type));
  new DataView(chunk.buffer).setUint32(4, body.length, true);
  chunk.set(body, 8);
  return chunk;
}

/** A list of chunks. */
export function aviList(kind: string, chunks: readonly Uint8Array[], type = "LIST"): Uint8Array {
  return aviChunk(type, joinedBytes([new TextEncoder().encode(kind), ...chunks]));
}

/** Pieces one behind another. */
export function joinedBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** An AVI file of 10 frames a second, 4 × 4 pixels, every one a key frame whose bytes begin with its number. */
export function smallAvi(frames: number): Uint8Array {
  const header = new Uint8Array(56);
  header.set(new TextEncoder().encode("vids"));
  new DataView(header.buffer).setUint32(20, 1, true);
  new DataView(header.buffer).setUint32(24, 10, true);
  const format = new Uint8Array(40);
  new DataView(format.buffer).setUint32(4, 4, true);
  new DataView(format.buffer).setInt32(8, 4, true);
  format.set(new TextEncoder().encode("MJPG"), 16);
  const packets = Array.from({ length: frames }, (_, frame) => {
    const body = new Uint8Array(16).fill(7);
    new DataView(body.buffer).setUint32(0, frame);
    return aviChunk("00dc", body);
  });
  const stream = aviList("strl", [aviChunk("strh", header), aviChunk("strf", format)]);
  return aviList("AVI ", [aviList("hdrl", [stream]), aviList("movi", packets)], "RIFF");
}
