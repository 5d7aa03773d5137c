/** A box inside of bytes that are in memory: ISO/IEC 14496-12, 4.2. */
export interface Box {
  /** Four characters. */
  readonly type: string;
  /** What is behind its header, up to its end. */
  readonly body: DataView;
}

const HEADER = 8;
const LONG_HEADER = 16;

/** The boxes in a body, in order. One that claims more than there is ends with its parent. */
export function* boxesIn(body: DataView, from = 0): Generator<Box, void> {
  let at = from;
  while (at + HEADER <= body.byteLength) {
    let size = body.getUint32(at);
    let header = HEADER;
    if (size === 1 && at + LONG_HEADER <= body.byteLength) {
      size = Number(body.getBigUint64(at + HEADER));
      header = LONG_HEADER;
    } else if (size === 0) size = body.byteLength - at;
    if (size < header) return;
    const end = Math.min(at + size, body.byteLength);
    yield { type: fourCharacters(body, at + 4), body: slice(body, at + header, end) };
    at = end;
  }
}

/** The first box of a type, along a path of types: `findBox(moov, "mdia", "minf", "stbl")`. */
export function findBox(body: DataView, ...path: readonly string[]): DataView | undefined {
  let inner: DataView | undefined = body;
  for (const type of path) {
    if (inner === undefined) return undefined;
    let next: DataView | undefined;
    for (const box of boxesIn(inner)) {
      if (box.type !== type) continue;
      next = box.body;
      break;
    }
    inner = next;
  }
  return inner;
}

/** The four characters of a box's type; others than printable ones as a dot. */
export function fourCharacters(view: DataView, at: number): string {
  let text = "";
  for (let index = 0; index < 4; index++) {
    const code = view.getUint8(at + index);
    text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
  }
  return text;
}

/** A part of a view. */
export function slice(view: DataView, from: number, to: number = view.byteLength): DataView {
  return new DataView(view.buffer, view.byteOffset + from, Math.max(0, to - from));
}

/** The bytes of a view, not copied. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
