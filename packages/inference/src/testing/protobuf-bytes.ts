/** Writes one message of Protocol Buffers, field by field, in the order of the calls. */
export interface ProtobufBytes {
  /** A whole number or a bool, as a varint; negative ones take ten bytes. */
  integer(field: number, value: number | bigint): ProtobufBytes;
  /** A number in four bytes. */
  float(field: number, value: number): ProtobufBytes;
  text(field: number, value: string): ProtobufBytes;
  /** Bytes, or another message. */
  bytes(field: number, value: Uint8Array): ProtobufBytes;
  /** The message so far. */
  finish(): Uint8Array;
}

const VARINT = 0;
const LENGTH = 2;
const FIXED_32 = 5;
/** What the format makes of a negative number. */
const TWO_64 = 1n << 64n;

/** Begins a message. */
export function protobufBytes(): ProtobufBytes {
  const parts: Uint8Array[] = [];
  const varint = (value: number | bigint): void => {
    let rest = BigInt(value);
    if (rest < 0n) rest += TWO_64;
    const digits: number[] = [];
    while (rest >= 128n) {
      digits.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    digits.push(Number(rest));
    parts.push(Uint8Array.from(digits));
  };
  const begin = (field: number, wire: number): void => varint(field * 8 + wire);
  const message: ProtobufBytes = {
    integer(field, value) {
      begin(field, VARINT);
      varint(value);
      return message;
    },
    float(field, value) {
      begin(field, FIXED_32);
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setFloat32(0, value, true);
      parts.push(bytes);
      return message;
    },
    text: (field, value) => message.bytes(field, new TextEncoder().encode(value)),
    bytes(field, value) {
      begin(field, LENGTH);
      varint(value.length);
      parts.push(value);
      return message;
    },
    finish: () => new Uint8Array(Buffer.concat(parts)),
  };
  return message;
}
