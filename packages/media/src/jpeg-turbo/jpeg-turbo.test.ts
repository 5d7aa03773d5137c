import { expect, it } from "vitest";
import { solidFrame } from "../testing/solid-frame.ts";
import { jpegTurbo } from "./jpeg-turbo.ts";
import type { JpegTurboLibrary } from "./jpeg-turbo-library.ts";

/** A library that writes one byte, and says which memory it was given. */
function library(bytesPerPixel = 3): { readonly lib: JpegTurboLibrary; readonly outs: Buffer[] } {
  const outs: Buffer[] = [];
  const lib: JpegTurboLibrary = {
    FORMAT_RGB: 0,
    SAMP_420: 2,
    bufferSize: ({ width, height }) => width * height * bytesPerPixel,
    async compress(_pixels, out, { quality }) {
      outs.push(out);
      await Promise.resolve();
      if (quality === 1) throw new Error("it cannot");
      return out.subarray(0, 1);
    },
  };
  return { lib, outs };
}

const colorSpace = { matrix: "bt709", fullRange: false } as const;
const encode = async (
  images: ReturnType<typeof jpegTurbo>,
  width: number,
  quality = 80,
): Promise<void> => {
  using frame = solidFrame({ color: [9, 9, 9], format: "I420", width, height: 16, colorSpace });
  await images.encode(frame, { quality });
};

it("writes large pictures to the same memory, whatever small ones came before", async () => {
  const { lib, outs } = library();
  const images = jpegTurbo({ lib });
  await Promise.all([encode(images, 16), encode(images, 16)]);
  for (let time = 0; time < 3; time++) await encode(images, 64);
  expect(outs[0]).not.toBe(outs[1]);
  expect(outs.slice(2).every((out) => out === outs[2])).toBe(true);
});

it("never writes two pictures at once to the same memory", async () => {
  const { lib, outs } = library();
  const images = jpegTurbo({ lib });
  await encode(images, 32);
  await Promise.all(Array.from({ length: 5 }, () => encode(images, 32)));
  expect(new Set(outs.slice(1)).size).toBe(5);
});

it("uses memory again that a picture failed in", async () => {
  const { lib, outs } = library();
  const images = jpegTurbo({ lib });
  await expect(encode(images, 32, 1)).rejects.toThrow("it cannot");
  await encode(images, 32);
  expect(outs[1]).toBe(outs[0]);
});

it("keeps no memory of a picture that is out of the common", async () => {
  const { lib, outs } = library(70_000);
  const images = jpegTurbo({ lib });
  await encode(images, 32);
  await encode(images, 32);
  // Not `not.toBe`, which compares the 36 MB byte by byte first.
  expect(new Set(outs).size).toBe(2);
});
