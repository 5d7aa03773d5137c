import { join } from "node:path";
import { type Clip, readClip } from "./clip.ts";
import { runProgram } from "./run-program.ts";

/** How a clip is made. */
export interface ClipRecipe {
  readonly file: string;
  /** FFmpeg's name of its pixel format. */
  readonly format: string;
  /** Arguments of ffmpeg for the encoder. */
  readonly encoder: string;
  /** @defaultValue `"192x128"` */
  readonly size?: string;
}

const H264 = "-c:v libx264 -preset veryfast -threads 1";

/** Clips of one second, 30 frames, one for each codec and format that decoders should know. */
export const DECODER_CLIPS: readonly ClipRecipe[] = [
  { file: "h264.mp4", format: "yuv420p", encoder: `${H264} -bf 3 -g 15` },
  { file: "h264.ts", format: "yuv420p", encoder: `${H264} -bf 2 -g 15` },
  { file: "h264-10.mp4", format: "yuv420p10le", encoder: H264 },
  { file: "h264-422.mp4", format: "yuv422p", encoder: H264 },
  { file: "h264-odd.mp4", format: "yuv420p", encoder: H264, size: "191x127" },
  { file: "h264-444.mp4", format: "yuv444p", encoder: H264, size: "191x127" },
  { file: "h264-gray.mp4", format: "gray", encoder: H264 },
  { file: "h264-gray10.mp4", format: "gray10le", encoder: H264 },
  {
    file: "hevc.mp4",
    format: "yuv420p",
    encoder: "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=15 -tag:v hvc1",
  },
  {
    file: "vp8.webm",
    format: "yuv420p",
    encoder: "-c:v libvpx -deadline realtime -cpu-used 8 -g 15",
  },
  {
    file: "vp9.webm",
    format: "yuv420p",
    encoder: "-c:v libvpx-vp9 -deadline good -cpu-used 6 -auto-alt-ref 1 -lag-in-frames 16",
  },
  { file: "av1.mp4", format: "yuv420p", encoder: "-c:v libsvtav1 -preset 12" },
  { file: "mpeg4.mp4", format: "yuv420p", encoder: "-c:v mpeg4 -bf 2 -g 15 -threads 1" },
  { file: "mpeg2.mov", format: "yuv420p", encoder: "-c:v mpeg2video -bf 2 -threads 1" },
  { file: "mjpeg.mov", format: "yuvj420p", encoder: "-c:v mjpeg -q:v 3 -threads 1" },
  { file: "prores.mov", format: "yuv422p10le", encoder: "-c:v prores_ks -threads 1" },
];

/** Makes a clip in a folder with the command ffmpeg; gives its path. */
export async function makeClip(
  folder: string,
  recipe: ClipRecipe,
  ...more: string[]
): Promise<string> {
  const { file, format, encoder, size = "192x128" } = recipe;
  const path = join(folder, file);
  await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=s=${size}:r=30:d=1`],
    ...["-pix_fmt", format, ...encoder.split(" "), ...more, path],
  ]);
  return path;
}

/** Makes a clip and reads its packets; those of a transport stream have their parameter sets in band. */
export async function clip(
  folder: string,
  recipe: ClipRecipe,
  ...more: string[]
): Promise<Clip & { path: string }> {
  const path = await makeClip(folder, recipe, ...more);
  const { config, ...rest } = await readClip(path);
  if (!recipe.file.endsWith(".ts")) return { path, config, ...rest };
  const { description: _, ...inBand } = config;
  return { path, config: inBand, ...rest };
}
