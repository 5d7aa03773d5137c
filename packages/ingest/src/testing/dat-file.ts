import type { Layout } from "./layout.ts";
import { hashOf, Random } from "./random.ts";

/** How the text of a map is written. Every variant means the same. */
export interface MapStyle {
  /** `"compact"` is what arrays write; `"pretty"` has blanks and line ends. */
  readonly blanks: "compact" | "pretty";
  /** Whether the four scalars are numbers or quoted numbers. */
  readonly scalars: "bare" | "quoted";
  /** `"usual"`: scalars first, `IDs` first in a resource; `"reversed"`: the other way round. */
  readonly keys: "usual" | "reversed";
}

/** What the head of a block says. */
export interface BlockHead {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly intervalSeconds: number;
  readonly controller: number;
  readonly layout: Layout;
}

/** The style of real files. */
export const usualStyle: MapStyle = { blanks: "compact", scalars: "bare", keys: "usual" };

const text = new TextEncoder();

/** Size of the fixed header in bytes. */
const headerSize = 337;

/**
 * The fixed header of a `.dat`: check value, message version, serial, equipment name, data length.
 * With `utf8: false` the text fields hold bytes that are no UTF-8.
 */
export function datHeader(
  serial: string,
  name: string,
  dataLength: number,
  utf8 = true,
): Uint8Array {
  const header = new Uint8Array(headerSize);
  const random = new Random(hashOf(serial, dataLength));
  for (let index = 0; index < 32; index++) header[index] = random.next();
  const view = new DataView(header.buffer);
  view.setInt32(32, 1, true);
  header.set(text.encode(`SN_${serial}`).subarray(0, 255), 36);
  header.set(text.encode(name).subarray(0, 40), 292);
  if (!utf8) {
    header.set([0xff, 0xfe, 0xc3, 0x28, 0x80], 36 + 24);
    header.set([0xd0, 0xf0, 0x9f], 292 + 4);
  }
  view.setInt32(333, dataLength, true);
  return header;
}

/** The text of the map of a block. */
export function mapText(head: BlockHead, style: MapStyle): string {
  const pretty = style.blanks === "pretty";
  const scalar = (value: number): string =>
    style.scalars === "quoted" ? `"${value}"` : `${value}`;
  const object = (entries: readonly (readonly [string, string])[], depth: number): string => {
    const ordered = style.keys === "reversed" && depth < 3 ? entries.toReversed() : entries;
    if (!pretty) return `{${ordered.map(([key, value]) => `"${key}":${value}`).join(",")}}`;
    const indent = "  ".repeat(depth);
    const lines = ordered.map(([key, value]) => `${indent}"${key}": ${value}`);
    return `{\r\n${lines.join(" ,\r\n")}\r\n}`;
  };
  const list = (values: readonly (string | number)[]): string =>
    pretty
      ? `[ ${values.map((value) => JSON.stringify(value)).join(", ")} ]`
      : JSON.stringify(values);
  // The order of resources is the order of columns: only the keys around them may be reversed.
  const resources = head.layout.resources.map((resource): readonly [string, string] => [
    `${resource.id}`,
    object(
      [
        ["IDs", list(resource.elements.map((_, index) => elementId(resource.id, index)))],
        ["Names", list(resource.elements.map((element) => element.name))],
        ["DataTypes", list(resource.metricIds)],
      ],
      2,
    ),
  ]);
  return object(
    [
      ["EndTime", scalar(head.endSeconds)],
      ["StartTime", scalar(head.startSeconds)],
      ["Archive", scalar(head.intervalSeconds)],
      ["CtrlID", scalar(head.controller)],
      ["Map", object(resources, 3)],
    ],
    1,
  );
}

/**
 * Head and map of a block. `length` replaces the true length, which counts from the start of the
 * head and so includes its own 8 bytes.
 */
export function blockHead(map: string, length?: number): Uint8Array {
  const body = text.encode(map);
  const head = new Uint8Array(8 + body.length);
  new DataView(head.buffer).setInt32(4, length ?? head.length, true);
  head.set(body, 8);
  return head;
}

/** Rows as they are stored: little-endian int32, whatever the machine. */
export function rowBytes(values: Int32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return bytes;
  const view = new DataView(new ArrayBuffer(values.byteLength));
  for (let index = 0; index < values.length; index++) {
    view.setInt32(index * 4, values[index] as number, true);
  }
  return new Uint8Array(view.buffer);
}

function elementId(resourceId: number, index: number): string {
  return `${resourceId}:${index}`;
}
