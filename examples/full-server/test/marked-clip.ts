import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { colourDetectorModel } from "@millrace/inference/testing";
import { BARCODE_BITS, BARCODE_CELL } from "@millrace/video-index/testing";
import sharp from "sharp";

// Pixels of the clips.
const WIDTH = 192;
const HEIGHT = 128;
/** A cell of the barcode, of the red square, and of the model. */
const CELL = 16;
const COLUMNS = WIDTH / CELL;
/** Rows below that of the barcode. */
const ROWS = HEIGHT / CELL - 1;

/** Where the red square is in a frame: x1, y1, x2, y2. */
export function markOf(frame: number): readonly [number, number, number, number] {
  const x = (frame % COLUMNS) * CELL;
  const y = CELL + (Math.floor(frame / COLUMNS) % ROWS) * CELL;
  return [x, y, x + CELL, y + CELL];
}

/** Why clips cannot be made here, if so. */
export async function missingForClips(): Promise<string | undefined> {
  try {
    await promisify(execFile)("ffmpeg", ["-version"]);
    return undefined;
  } catch {
    return "ffmpeg is not installed: apt-get install ffmpeg";
  }
}

/** What a clip may be told. */
export interface MarkedClipOptions {
  /** Seconds, at 30 frames each. @defaultValue 2 */
  readonly seconds?: number;
  /** Frames from one key frame to the next. @defaultValue 15 */
  readonly gop?: number;
  /** Makes other bytes of the same pictures. @defaultValue none */
  readonly comment?: string;
  /** Degrees clockwise that a player turns the picture by. @defaultValue 0 */
  readonly rotate?: number;
}

/**
 * Makes a clip, once for all tests: each frame has its number as a barcode on top, and a red square at {@link markOf}.
 *
 * @returns where it lies
 */
export async function markedClip(options: MarkedClipOptions = {}): Promise<string> {
  const { seconds = 2, gop = 15, comment = "", rotate = 0 } = options;
  const folder = join(tmpdir(), "millrace-marked-clips-1");
  const path = join(folder, `${seconds}-${gop}${comment}${rotate || ""}.mp4`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const bit = `255*bitand(trunc(N/pow(2,trunc(X/${CELL}))),1)`;
  const inMark = [
    `eq(trunc(X/${CELL}),mod(N,${COLUMNS}))`,
    `eq(trunc(Y/${CELL}),1+mod(trunc(N/${COLUMNS}),${ROWS}))`,
  ].join("*");
  const plane = (rest: string): string => `if(lt(Y,${CELL}),${bit},${rest})`;
  const source = [
    `nullsrc=s=${WIDTH}x${HEIGHT}:r=30:d=${seconds}`,
    "format=gbrp",
    `geq=r='${plane(`255*${inMark}`)}':g='${plane("0")}':b='${plane("0")}'`,
    "format=yuv420p",
  ].join(",");
  const draft = join(folder, `${process.pid}-${Math.random()}.mp4`);
  await promisify(execFile)("ffmpeg", [
    ...["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source],
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-threads", "1"],
    ...["-g", String(gop), "-bf", "2", "-sc_threshold", "0"],
    ...["-metadata", `comment=${comment}`, draft],
  ]);
  if (rotate !== 0) {
    const plain = draft.replace(".mp4", "-plain.mp4");
    await rename(draft, plain);
    const turn = ["-i", plain, "-c", "copy", "-metadata:s:v", `rotate=${rotate}`, draft];
    await promisify(execFile)("ffmpeg", ["-nostdin", "-loglevel", "error", ...turn]);
    await rm(plain);
  }
  await rename(draft, path);
  return path;
}

/** Writes a model that finds the red squares, each as one box. */
export async function markModel(folder: string): Promise<string> {
  const path = join(folder, "marks.onnx");
  await writeFile(path, colourDetectorModel({ width: WIDTH, height: HEIGHT, cell: CELL }));
  return path;
}

/** The number in a picture, of any size; undefined where there is none. */
export async function barcodeOf(picture: Uint8Array): Promise<number | undefined> {
  const image = sharp(picture).resize(WIDTH, HEIGHT, { fit: "fill" }).grayscale();
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  let number = 0;
  for (let bit = 0; bit < BARCODE_BITS; bit++) {
    const x = bit * BARCODE_CELL + BARCODE_CELL / 2;
    const value = data[(8 * info.width + x) * info.channels] ?? 0;
    if (Math.abs(value - 128) < 40) return undefined;
    if (value > 128) number |= 1 << bit;
  }
  return number;
}

/** Where the red of a picture lies below its barcode: x1, y1, x2, y2. */
export async function redIn(picture: Uint8Array): Promise<readonly number[]> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const found: [x: number, y: number][] = [];
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const [red = 0, green = 0] = data.subarray((y * info.width + x) * 3);
      if (red > 128 && green < 100) found.push([x, y]);
    }
  }
  const [across, down] = [found.map(([x]) => x), found.map(([, y]) => y)];
  return [Math.min(...across), Math.min(...down), Math.max(...across) + 1, Math.max(...down) + 1];
}
