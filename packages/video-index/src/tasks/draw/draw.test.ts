import {
  frameBytes,
  openFrameCount,
  PIXEL_FORMATS,
  type VideoFrame,
  type VideoPixelFormat,
  videoFrame,
} from "@millrace/media";
import { describe, expect, it } from "vitest";
import { createCounter } from "../count/counter.ts";
import type { Segments } from "../segment/segment.ts";
import { tracksAt } from "../testing/tracks-at.ts";
import { type Canvas, type Color, frameCanvas } from "./canvas.ts";
import { drawCounts } from "./draw-counts.ts";
import { drawDetections } from "./draw-detections.ts";
import { drawSegments } from "./draw-segments.ts";
import { drawText, textSize } from "./draw-text.ts";
import { contrastColor, labelColor } from "./label-color.ts";
import { drawLine, fillRectangle, strokeRectangle } from "./shapes.ts";

const DRAWABLE: readonly VideoPixelFormat[] = ["RGB", "RGBA", "BGRA", "I420", "NV12"];
const RED: Color = [255, 0, 0];

function grey(format: VideoPixelFormat, width = 64, height = 48): VideoFrame {
  return videoFrame({
    format,
    codedWidth: width,
    codedHeight: height,
    pts: 7,
    timeBase: { num: 1, den: 25 },
    duration: 1,
    rotation: 90,
    colorSpace: { matrix: "bt709", fullRange: true },
    data: new Uint8Array(frameBytes(format, width, height)).fill(128),
  });
}

/** A canvas without memory, which shows what was drawn as text. */
function sketch(width: number, height: number): { canvas: Canvas; rows(): string[] } {
  const pixels = Array.from({ length: height }, () => Array<string>(width).fill("."));
  return {
    canvas: {
      width,
      height,
      run(x, y, length) {
        for (let at = x; at < x + length; at++) {
          if (pixels[y]?.[at] !== undefined) (pixels[y] as string[])[at] = "#";
        }
      },
      toFrame: () => grey("RGB"),
    },
    rows: () => pixels.map((row) => row.join("")),
  };
}

describe("frameCanvas", () => {
  it.each(DRAWABLE)(
    "leaves the frame bit-identical, whatever is drawn on its copy (%s)",
    (format) => {
      const before = openFrameCount();
      using frame = grey(format);
      const bytes = frame.data.slice();
      const counter = createCounter({
        lines: [{ name: "a", from: { x: -5, y: 0 }, to: { x: 90, y: 50 } }],
        zones: [
          {
            name: "z",
            polygon: [
              { x: 5, y: 5 },
              { x: 60, y: 9 },
              { x: 30, y: 70 },
            ],
          },
        ],
      });
      const tracks = tracksAt({ id: 1, x: 20, y: 20 }, { id: 2, x: 60, y: 45 });
      const mask = { x: 10, y: 10, width: 20, height: 20, data: new Uint8Array(400).fill(1) };
      const segments: Segments = { ...tracks, masks: [mask, mask], polygons: () => [] };
      const canvas = frameCanvas(frame);
      drawDetections(canvas, tracks);
      drawSegments(canvas, segments);
      drawCounts(canvas, counter.update(tracks, 0));
      {
        using drawn = canvas.toFrame();
        expect(Buffer.compare(frame.data, bytes)).toBe(0);
        expect(Buffer.compare(drawn.data, bytes)).not.toBe(0);
        const { pts, timeBase, timestamp, duration, rotation, colorSpace } = frame;
        expect(drawn).toMatchObject({
          pts,
          timeBase,
          timestamp,
          duration,
          rotation,
          colorSpace,
          format,
        });
      }
      expect(openFrameCount()).toBe(before + 1);
    },
  );

  it("puts the right colour into every format", () => {
    const first = (format: VideoPixelFormat, count: number): number[] => {
      using frame = grey(format, 2, 2);
      const canvas = frameCanvas(frame);
      canvas.run(0, 0, 2, RED);
      canvas.run(0, 1, 2, RED);
      using drawn = canvas.toFrame();
      return [...drawn.data.subarray(0, count)];
    };
    expect(first("RGB", 3)).toEqual([255, 0, 0]);
    expect(first("RGBA", 4)).toEqual([255, 0, 0, 128]);
    expect(first("BGRA", 4)).toEqual([0, 0, 255, 128]);
    // BT.709, full range: Y = 0.2126 × 255; Cb = 128 - 54.2 / 1.8556; Cr = 128 + 200.8 / 1.5748.
    expect(first("I420", 6)).toEqual([54, 54, 54, 54, 99, 255]);
    expect(first("NV12", 6)).toEqual([54, 54, 54, 54, 99, 255]);
  });

  it("lets half of the picture shine through at half opacity", () => {
    using frame = grey("I420", 2, 2);
    const canvas = frameCanvas(frame);
    canvas.run(0, 0, 2, RED, 0.5);
    canvas.run(0, 1, 2, RED, 0.5);
    using drawn = canvas.toFrame();
    expect([...drawn.data]).toEqual([91, 91, 91, 91, 113, 192]);
  });

  it("draws nothing outside of the picture", () => {
    using frame = grey("RGB", 8, 4);
    const canvas = frameCanvas(frame);
    fillRectangle(canvas, { x: -100, y: -100, width: 90, height: 1e9 }, RED);
    drawLine(canvas, { x: -1e9, y: 20 }, { x: 1e9, y: 20 }, RED, 2);
    drawText(canvas, "far", 1e6, -50, { color: RED });
    using drawn = canvas.toFrame();
    expect(Buffer.compare(drawn.data, frame.data)).toBe(0);
  });

  it("refuses formats that it cannot draw on", () => {
    for (const format of PIXEL_FORMATS.filter((it) => !DRAWABLE.includes(it))) {
      using frame = grey(format);
      expect(() => frameCanvas(frame)).toThrow(/Convert them with FrameScaler.scale/);
    }
  });
});

describe("shapes and text", () => {
  it("draws rectangles, lines and letters where they are asked for", () => {
    const { canvas, rows } = sketch(12, 4);
    strokeRectangle(canvas, { x: 1, y: 0, width: 5, height: 4 }, RED, 1);
    drawLine(canvas, { x: 8.5, y: 3.5 }, { x: 11.5, y: 0.5 }, RED, 1);
    expect(rows()).toEqual([".#####.....#", ".#...#....#.", ".#...#...#..", ".#####..#..."]);
  });

  it("has readable letters", () => {
    const { canvas, rows } = sketch(17, 8);
    drawText(canvas, "A1g", 0, 0, { color: RED });
    expect(rows()).toEqual([
      "..#.....#........",
      ".#.#...##........",
      "#...#...#....###.",
      "#...#...#...#..##",
      "#####...#...#..##",
      "#...#...#....##.#",
      "#...#..###......#",
      ".............###.",
    ]);
    expect(textSize("A1g")).toEqual({ width: 17, height: 8 });
    expect(textSize("A1g", 2)).toEqual({ width: 34, height: 16 });
  });

  it("writes a question mark for what it has no letter for", () => {
    const [strange, mark] = ["ж", "?"].map((text) => {
      const { canvas, rows } = sketch(5, 8);
      drawText(canvas, text, 0, 0, { color: RED });
      return rows();
    });
    expect(strange).toEqual(mark);
  });
});

describe("labelColor", () => {
  it("gives the same number the same colour, neighbours different ones, and text that can be read", () => {
    const colors = Array.from({ length: 50 }, (_, id) => labelColor(id));
    expect(new Set(colors.map(String)).size).toBe(50);
    expect(labelColor(3)).toEqual(colors[3]);
    for (const color of colors) {
      for (const channel of color) expect(channel).toBeLessThanOrEqual(255);
    }
    expect(contrastColor([255, 255, 0])).toEqual([0, 0, 0]);
    expect(contrastColor([0, 0, 160])).toEqual([255, 255, 255]);
  });
});
