import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Pixels. */
export const CLIP: { readonly width: number; readonly height: number } = {
  width: 320,
  height: 240,
};
export const SQUARE_PIXELS = 24;
const SECONDS = 4;

/** A red square that moves along a lane of its own: where it is after `t` seconds, in FFmpeg's words. */
interface Square {
  readonly x: string;
  readonly y: number;
}

/** Three go to the right past the middle and two to the left; one stops before it. */
const SQUARES: readonly Square[] = [
  { x: "8+70*t", y: 12 },
  { x: "288-64*t", y: 52 },
  { x: "20+60*t", y: 92 },
  { x: "280-68*t", y: 132 },
  // Comes into the picture after a second.
  { x: "-90+80*t", y: 172 },
  { x: "min(8+40*t,100)", y: 206 },
];

/**
 * Makes a clip of red squares that move over grey, 25 frames a second and four seconds long, with the command ffmpeg.
 */
export async function makeClip(path: string): Promise<void> {
  const { width, height } = CLIP;
  const square = `color=red:size=${SQUARE_PIXELS}x${SQUARE_PIXELS}:rate=25:duration=${SECONDS}`;
  const overlays = SQUARES.map(
    ({ x, y }, i) => `[v${i}][${i + 1}:v]overlay=x='${x}':y=${y}[v${i + 1}]`,
  );
  const args = [
    ["-v", "error", "-y"],
    ["-f", "lavfi", "-i", `color=gray:size=${width}x${height}:rate=25:duration=${SECONDS}`],
    ...SQUARES.map(() => ["-f", "lavfi", "-i", square]),
    ["-filter_complex", `[0:v]null[v0];${overlays.join(";")}`, "-map", `[v${SQUARES.length}]`],
    ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", path],
  ];
  await promisify(execFile)("ffmpeg", args.flat());
}
