import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checksum, clipChecksums, readClip } from "../testing/clip.ts";
import { runProgram } from "../testing/run-program.ts";
import { openFrameCount } from "../video/video-frame.ts";
import { type NodeAv, nodeAv } from "./node-av.ts";

let video: NodeAv;
let folder: string;

beforeAll(async () => {
  video = nodeAv({ workers: 2 });
  folder = await mkdtemp(join(tmpdir(), "millrace-media-"));
});
afterAll(async () => {
  await video.close();
  await rm(folder, { recursive: true });
});

const S = "testsrc2=s=192x128:r=30:d=1";
const clips = {
  "h264.mp4": [S, "yuv420p", "-c:v libx264 -preset veryfast -bf 3 -g 15"],
  "hevc.mp4": [
    S,
    "yuv420p",
    "-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1",
  ],
  "vp8.webm": [S, "yuv420p", "-c:v libvpx -deadline realtime -cpu-used 8"],
  "vp9.webm": [
    S,
    "yuv420p",
    "-c:v libvpx-vp9 -deadline good -cpu-used 6 -auto-alt-ref 1 -lag-in-frames 16",
  ],
  "av1.mp4": [S, "yuv420p", "-c:v libsvtav1 -preset 12"],
  "mpeg4.mp4": [S, "yuv420p", "-c:v mpeg4 -bf 2 -g 15"],
  "mjpeg.mov": [S, "yuvj420p", "-c:v mjpeg -q:v 3"],
  "prores.mov": [S, "yuv422p10le", "-c:v prores_ks"],
  "mpeg2.mov": [S, "yuv420p", "-c:v mpeg2video -bf 2"],
  "h264-10.mp4": [S, "yuv420p10le", "-c:v libx264 -preset veryfast"],
  "h264-422.mp4": [S, "yuv422p", "-c:v libx264 -preset veryfast"],
  "h264-444.mp4": ["testsrc2=s=191x127:r=30:d=1", "yuv444p", "-c:v libx264 -preset veryfast"],
  "h264-odd.mp4": ["testsrc2=s=191x127:r=30:d=1", "yuv420p", "-c:v libx264 -preset veryfast"],
  "h264-gray10.mp4": [S, "gray10le", "-c:v libx264 -preset veryfast"],
  "h264-gray.mp4": [S, "gray", "-c:v libx264 -preset veryfast"],
} as const;

test.each(Object.entries(clips))(
  "%s has the pixels of the command",
  async (name, [source, format, args]) => {
    const path = join(folder, name);
    await runProgram("ffmpeg", [
      ..."-nostdin -v error -y -f lavfi -i".split(" "),
      source,
      "-pix_fmt",
      format,
      ...args.split(" "),
      path,
    ]);
    const clip = await readClip(path);
    await using decoder = await video.decoder.open(clip.config, { timeBase: clip.timeBase });
    const { frames, decoded } = await decoder.decode(clip.chunks, { end: true });
    expect(decoded.toSorted((a, b) => a - b)).toEqual(clip.chunks.map((_, i) => i));
    expect(decoded).toEqual(decoded.toSorted((a, b) => a - b));
    let sizeBytes = 0;
    const sums = frames.map(({ frame, status }) => {
      expect(status).toBe("ok");
      const luma = frame.layout[0]?.rowBytes ?? 0;
      const pixels = checksum(
        format.startsWith("gray") ? frame.data.subarray(0, luma * frame.codedHeight) : frame.data,
      );
      sizeBytes = format.startsWith("gray") ? luma * frame.codedHeight : frame.data.length;
      frame.close();
      return pixels;
    });
    expect(sums).toEqual(await clipChecksums(path, format, sizeBytes));
    expect(openFrameCount()).toBe(0);
  },
);
