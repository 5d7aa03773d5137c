import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPartSplitter, type StreamPart } from "./part-splitter.ts";

const encoder = new TextEncoder();
const BOUNDARY = "b7";

/** A stream as servers write it; a body never has the boundary in it. */
function write(
  bodies: readonly Uint8Array[],
  framing: "advance" | "length",
  end: boolean,
): Uint8Array {
  const head = (body: Uint8Array): string =>
    framing === "length"
      ? `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\ncontent-LENGTH: ${body.length}\r\n\r\n`
      : `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`;
  const pieces = bodies.flatMap((body) => [
    encoder.encode(head(body)),
    body,
    encoder.encode("\r\n"),
  ]);
  const closing = end ? `--${BOUNDARY}--\r\n` : head(new Uint8Array());
  return Buffer.concat([...pieces, encoder.encode(closing)]);
}

function splitAt(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** Bytes that look like boundaries and are none. */
const body = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom("\r\n--b", "\r\n\r\n", "--b7", "\r", "\r\n-", "--")
        .map((it) => encoder.encode(it)),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => new Uint8Array(Buffer.concat(pieces)))
  .filter((bytes) => !Buffer.from(bytes).includes(`\r\n--${BOUNDARY}`));

describe.each(["advance", "length"] as const)("a stream with framing %s", (framing) => {
  test("gives the same parts however it is cut", () => {
    const property = fc.property(
      fc.array(body, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      (bodies, sizes, end) => {
        const splitter = createPartSplitter(BOUNDARY);
        const parts: StreamPart[] = [];
        for (const piece of splitAt(write(bodies, framing, end), sizes)) {
          parts.push(...splitter.push(piece));
        }
        // An open stream with lengths ends in the head of an empty part, which is whole.
        const rest = framing === "length" && !end ? [new Uint8Array()] : [];
        expect(parts.map((part) => [...part.body])).toEqual(
          [...bodies, ...rest].map((it) => [...it]),
        );
        expect(parts.every(({ headers }) => headers["content-type"] === "image/jpeg")).toBe(true);
        expect(splitter.isOver).toBe(end);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

test("a picture is there as soon as the head of the next one has begun", () => {
  const splitter = createPartSplitter(BOUNDARY);
  const bytes = write([Uint8Array.of(1, 2, 3)], "advance", false);
  const boundaryAt = Buffer.from(bytes).lastIndexOf(`--${BOUNDARY}`) + `--${BOUNDARY}`.length;
  expect(splitter.push(bytes.subarray(0, boundaryAt - 1))).toEqual([]);
  expect(splitter.push(bytes.subarray(boundaryAt - 1, boundaryAt))).toHaveLength(1);
});

test("large parts cross the end of the memory unharmed", () => {
  const splitter = createPartSplitter(BOUNDARY);
  const bodies = Array.from({ length: 12 }, (_, at) =>
    new Uint8Array(50_000 + at * 7_001).fill(at),
  );
  const parts = splitAt(write(bodies, "advance", true), [65_536, 1, 17, 9_000]).flatMap((piece) =>
    splitter.push(piece),
  );
  expect(
    parts.map((part) => Buffer.compare(part.body, bodies[part.body[0] ?? 0] as Uint8Array)),
  ).toEqual(bodies.map(() => 0));
});

test("what has no end is refused and not kept", () => {
  const noise = new Uint8Array(1_000).fill(7);
  const headers = createPartSplitter(BOUNDARY);
  headers.push(encoder.encode(`--${BOUNDARY}\r\n`));
  expect(() => {
    for (let at = 0; at < 20; at++) headers.push(noise);
  }).toThrow(expect.objectContaining({ code: "CORRUPT_INPUT" }));
  const open = createPartSplitter(BOUNDARY, 5_000);
  open.push(encoder.encode(`--${BOUNDARY}\r\n\r\n\r\n`));
  expect(() => {
    for (let at = 0; at < 20; at++) open.push(noise);
  }).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
  const counted = createPartSplitter(BOUNDARY, 5_000);
  expect(() =>
    counted.push(encoder.encode(`--${BOUNDARY}\r\nContent-Length: 999999999\r\n\r\n`)),
  ).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
});
