import type { ByteWindow } from "../../bytes/byte-reader.ts";

/** The head of an EBML element (RFC 8794): its id with the marker bits, and where its body lies. */
export interface Element {
  readonly id: number;
  /** Where the body begins in the source. */
  readonly start: number;
  /** Where it ends; undefined where the writer did not know. */
  readonly end: number | undefined;
}

const LONGEST_HEAD = 12;

/** The element at a place; undefined at the end of the source and where there is none. */
export async function elementAt(
  window: ByteWindow,
  offset: number,
  limit: number,
): Promise<Element | undefined> {
  const length = Math.min(LONGEST_HEAD, limit - offset);
  if (length < 2) return undefined;
  const head = await window.at(offset, length);
  return head && elementIn(head, 0, offset);
}

/** The element at a place of bytes that are in memory. */
function elementIn(view: DataView, at: number, base = 0): Element | undefined {
  const idBytes = Math.clz32(view.getUint8(at)) - 23;
  if (idBytes > 4 || at + idBytes >= view.byteLength) return undefined;
  let id = 0;
  for (let index = 0; index < idBytes; index++) id = id * 256 + view.getUint8(at + index);
  const size = variableInt(view, at + idBytes);
  if (size === undefined) return undefined;
  const start = base + at + idBytes + size.bytes;
  return { id, start, end: size.value === undefined ? undefined : start + size.value };
}

/** A number of variable length; its value is undefined where all bits are set, which means unknown. */
export function variableInt(
  view: DataView,
  at: number,
): { readonly value: number | undefined; readonly bytes: number } | undefined {
  if (at >= view.byteLength) return undefined;
  const first = view.getUint8(at);
  const bytes = Math.clz32(first) - 23;
  if (bytes > 8 || at + bytes > view.byteLength) return undefined;
  let value = first & (0xff >> bytes);
  let unknown = value === 0xff >> bytes;
  for (let index = 1; index < bytes; index++) {
    const next = view.getUint8(at + index);
    unknown &&= next === 0xff;
    value = value * 256 + next;
  }
  return { value: unknown ? undefined : value, bytes };
}

/** An element in memory with its body. */
export interface LoadedElement {
  readonly id: number;
  readonly body: DataView;
}

/** The children of an element that is in memory. */
export function* elementsIn(body: DataView): Generator<LoadedElement, void> {
  for (let at = 0; at + 2 <= body.byteLength; ) {
    const element = elementIn(body, at);
    if (element === undefined) return;
    const end = Math.min(element.end ?? body.byteLength, body.byteLength);
    if (element.start > end) return;
    yield {
      id: element.id,
      body: new DataView(body.buffer, body.byteOffset + element.start, end - element.start),
    };
    at = end;
  }
}

/** The first child of an id. */
export function childOf(body: DataView | undefined, id: number): DataView | undefined {
  if (body === undefined) return undefined;
  for (const element of elementsIn(body)) if (element.id === id) return element.body;
  return undefined;
}

/** The value of an unsigned integer element, of up to 8 bytes. */
export function unsignedOf(body: DataView | undefined): number | undefined {
  if (body === undefined || body.byteLength > 8) return undefined;
  let value = 0;
  for (let at = 0; at < body.byteLength; at++) value = value * 256 + body.getUint8(at);
  return value;
}

/** The value of a floating point element. */
export function floatOf(body: DataView | undefined): number | undefined {
  if (body?.byteLength === 4) return body.getFloat32(0);
  return body?.byteLength === 8 ? body.getFloat64(0) : undefined;
}
