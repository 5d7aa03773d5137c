/**
 * Reads remote-write bodies back, written from the specifications (snappy block format, protobuf wire
 * format, Prometheus remote write 1.0) and sharing nothing with the encoder.
 */
import { sampleText } from "./samples.ts";

/** Undoes snappy's block format; literals only, since nothing here compresses. */
export function unsnappy(bytes: Uint8Array): Uint8Array {
  const head = readVarint(bytes, 0);
  const length = Number(head.value);
  const out = new Uint8Array(length);
  let from = head.next;
  let to = 0;
  while (from < bytes.length) {
    const tag = bytes[from++] as number;
    if ((tag & 3) !== 0) throw new Error(`a tag of type ${tag & 3} where only literals belong`);
    let size = tag >> 2;
    if (size >= 60) {
      const width = size - 59;
      size = 0;
      for (let i = 0; i < width; i++) size += (bytes[from++] as number) * 256 ** i;
    }
    size += 1;
    if (from + size > bytes.length || to + size > length) throw new Error("a literal is too long");
    out.set(bytes.subarray(from, from + size), to);
    from += size;
    to += size;
  }
  if (to !== length) throw new Error(`${to} bytes instead of ${length}`);
  return out;
}

/** A varint of up to 64 bits, as a signed number; padded ones are read, too. */
export function readVarint(bytes: Uint8Array, at: number): { value: bigint; next: number } {
  let value = 0n;
  let next = at;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[next++];
    if (byte === undefined || shift > 63n) throw new Error("a varint does not end");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), next };
  }
}

interface Field {
  readonly number: number;
  readonly value: bigint | number | Uint8Array;
}

function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const number = Number(tag.value >> 3n);
    at = tag.next;
    switch (Number(tag.value & 7n)) {
      case 0: {
        const { value, next } = readVarint(message, at);
        fields.push({ number, value });
        at = next;
        break;
      }
      case 1:
        fields.push({ number, value: view.getFloat64(at, true) });
        at += 8;
        break;
      case 2: {
        const { value, next } = readVarint(message, at);
        at = next + Number(value);
        if (at > message.length) throw new Error("a field is longer than its message");
        fields.push({ number, value: message.subarray(next, at) });
        break;
      }
      default:
        throw new Error(`a field of wire type ${tag.value & 7n}`);
    }
  }
  return fields;
}

/** One `TimeSeries` of a body. */
export interface DecodedSeries {
  /** In the order of the message. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly { readonly timeMs: number; readonly value: number }[];
}

/** A whole remote-write body. */
export function decodeWriteRequest(body: Uint8Array): DecodedSeries[] {
  const text = new TextDecoder("utf-8", { fatal: true });
  return fieldsOf(unsnappy(body)).map((series) => {
    if (series.number !== 1) throw new Error(`field ${series.number} in a WriteRequest`);
    const labels: [string, string][] = [];
    const samples: { timeMs: number; value: number }[] = [];
    for (const { number, value } of fieldsOf(bytesOf(series.value))) {
      const inner = new Map(fieldsOf(bytesOf(value)).map((field) => [field.number, field.value]));
      if (inner.size !== 2) throw new Error("a label or sample without its two fields");
      if (number === 1) {
        const [name = "", content = ""] = [1, 2].map((n) => text.decode(bytesOf(inner.get(n))));
        labels.push([name, content]);
      } else if (number === 2) {
        const value = inner.get(1);
        const time = inner.get(2);
        if (typeof value !== "number" || typeof time !== "bigint") throw new Error("no sample");
        samples.push({ timeMs: Number(time), value });
      } else throw new Error(`field ${number} in a TimeSeries`);
    }
    return { labels, samples };
  });
}

function bytesOf(value: Field["value"] | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error("a field that should be bytes is not");
}

/** Every sample of remote-write bodies as sorted texts, comparable with `samplesOf`. */
export function writtenSamples(bodies: readonly Uint8Array[]): string[] {
  return bodies
    .flatMap(decodeWriteRequest)
    .flatMap(({ labels, samples }) =>
      samples.map(({ timeMs, value }) => sampleText(Object.fromEntries(labels), timeMs, value)),
    )
    .sort();
}
