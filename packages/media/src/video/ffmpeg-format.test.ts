import { expect, test } from "vitest";
import { colorSpaceOf, ffmpegFormat, nearestFormat } from "./ffmpeg-format.ts";
import { PIXEL_FORMATS } from "./pixel-format.ts";

test("every format of ours is itself in FFmpeg's words", () => {
  for (const format of PIXEL_FORMATS) {
    const nearest = nearestFormat(ffmpegFormat(format));
    expect(nearest).toEqual({ format, same: true, fullRange: false });
  }
});

test.each([
  ["yuvj420p", "I420", true],
  ["yuvj422p", "I422", true],
  ["yuv440p10le", "I444P10", false],
  ["yuv411p", "I422", false],
  ["yuva420p", "I420", false],
  ["yuva444p12le", "I444P12", false],
  ["yuv420p9le", "I420P10", false],
  ["yuv420p16le", "I420P12", false],
  ["gray", "I420", false],
  ["gray12le", "I420P12", false],
  ["p010le", "I420P10", false],
  ["gbrp10le", "RGB", false],
  ["gbrap", "RGBA", false],
  ["pal8", "RGB", false],
] as const)("%s becomes %s", (name, format, fullRange) => {
  expect(nearestFormat(name)).toMatchObject({ format, fullRange });
});

test("colours that nobody names are left out", () => {
  const unknown = { colorRange: 0, colorPrimaries: 2, colorTrc: 2, colorSpace: 2 };
  expect(colorSpaceOf(unknown, false)).toEqual({});
  expect(colorSpaceOf({ ...unknown, colorSpace: 9, colorRange: 1 }, false)).toEqual({
    matrix: "bt2020-ncl",
    fullRange: false,
  });
});
