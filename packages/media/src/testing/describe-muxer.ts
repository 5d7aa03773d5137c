import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audioData } from "../audio/audio-data.ts";
import type { AudioEncoderBackend } from "../audio/audio-encoder.ts";
import type { Muxer, MuxerBackend } from "../mux/muxer.ts";
import type { EncodedVideoFamily, VideoEncoderBackend } from "../video/video-encoder.ts";
import { videoFrame } from "../video/video-frame.ts";
import { missingProgram } from "./missing-program.ts";
import { runProgram } from "./run-program.ts";
import { readPatternNumber, testPattern } from "./test-pattern.ts";

/** What {@link describeMuxer} makes its packets with. */
export interface MuxerEncoders {
  /** Called in each test; H.264 for MP4, VP8 for WebM. */
  readonly video: () => VideoEncoderBackend;
  /** Called in each test; AAC for MP4, Opus for WebM. */
  readonly audio: () => AudioEncoderBackend;
}

const FRAMES = 30;

/**
 * What every {@link MuxerBackend} must do, as tests of vitest: files are read back with the commands `ffmpeg` and
 * `ffprobe`.
 *
 * @param name - for the reports
 * @param muxer - called in each test
 */
export function describeMuxer(
  name: string,
  muxer: () => MuxerBackend,
  encoders: MuxerEncoders,
): void {
  const missing = missingProgram("ffmpeg");
  describe.skipIf(missing !== "")(`MuxerBackend: ${name}${missing}`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "millrace-muxer-"));
    });
    afterAll(() => rm(folder, { recursive: true }));

    test.each(muxer().containers)(
      "%s has its pictures and its sound, at their times",
      async (container) => {
        const [family, sound] =
          container === "mp4" ? (["h264", "aac"] as const) : (["vp8", "opus"] as const);
        await using video = await encoders.video().open(videoConfig(family));
        await using audio = await encoders
          .audio()
          .open({ family: sound, sampleRate: 48_000, numberOfChannels: 1 });
        const tracks = { video: video.decoderConfig, audio: audio.decoderConfig };
        await using file = await muxer().open(container, tracks);
        const [bytes] = await Promise.all([Array.fromAsync(file.output), fill(file)]);
        const path = join(folder, `file.${container}`);
        await writeFile(path, bytes);

        async function fill(into: Muxer): Promise<void> {
          for (const frame of testPattern({ frames: FRAMES })) {
            for (const chunk of await audio.encode(tone(frame.pts))) await into.writeAudio(chunk);
            for (const chunk of await video.encode(frame)) await into.writeVideo(chunk);
            frame.close();
          }
          for (const chunk of await audio.flush()) await into.writeAudio(chunk);
          await into.end();
        }

        const times = await probe(path, "v:0");
        expect(times).toHaveLength(FRAMES);
        times.forEach((time, index) => {
          expect(Math.abs(time - index / 30)).toBeLessThan(0.001);
        });
        expect(await patternNumbers(path)).toEqual(Array.from({ length: FRAMES }, (_, i) => i));
        expect(await crossings(path)).toBeGreaterThan(860);
        expect(await crossings(path)).toBeLessThan(900);
      },
    );

    test("a writer waits for its reader", async () => {
      const [container = "webm"] = muxer().containers;
      const family = container === "mp4" ? "h264" : "vp8";
      await using video = await encoders.video().open(videoConfig(family));
      await using file = await muxer().open(container, { video: video.decoderConfig });
      const [frame] = testPattern({ frames: 1 });
      if (!frame) throw new Error("no frame");
      const [chunk] = await video.encode(frame);
      frame.close();
      if (!chunk) throw new Error("no chunk");
      const large = { ...chunk, data: Buffer.concat([chunk.data, Buffer.alloc(1 << 20)]) };
      let written = 0;
      const writing = (async () => {
        for (; written < 64; written++) {
          const timestamp = written * 33_333;
          await file.writeVideo({ ...large, timestamp });
        }
      })().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(written).toBeLessThan(40);
      await file.close();
      await writing;
    });

    test("what it was not opened with is refused", async () => {
      const [container = "webm"] = muxer().containers;
      await expect(muxer().open(container, {})).rejects.toMatchObject({ code: "INVALID_OPTION" });
      await expect(muxer().open("avi" as "mp4", videoTracks())).rejects.toMatchObject({
        code: "UNSUPPORTED",
      });
      await using file = await muxer().open(container, videoTracks());
      const packet = { timestamp: 0, duration: 0, data: new Uint8Array(1) };
      await expect(file.writeAudio(packet)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    });
  });
}

function videoTracks() {
  return { video: { family: "vp8", codec: "vp8", codedWidth: 320, codedHeight: 180 } } as const;
}

function videoConfig(family: EncodedVideoFamily) {
  return { family, width: 320, height: 180, bitrate: 500_000 };
}

/** A thirtieth of a second of 440 Hz. */
function tone(index: number) {
  const data = Float32Array.from(
    { length: 1600 },
    (_, at) => 0.5 * Math.sin((2 * Math.PI * 440 * (index * 1600 + at)) / 48_000),
  );
  return audioData({
    sampleRate: 48_000,
    numberOfChannels: 1,
    timestamp: Math.round((index * 1e6) / 30),
    data,
  });
}

async function probe(path: string, stream: string): Promise<number[]> {
  const text = await runProgram("ffprobe", [
    ...[
      "-v",
      "error",
      "-select_streams",
      stream,
      "-show_entries",
      "packet=pts_time",
      "-of",
      "csv=p=0",
      path,
    ],
  ]);
  return text
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number.parseFloat(line))
    .sort((a, b) => a - b);
}

async function patternNumbers(path: string): Promise<number[]> {
  const raw = await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", path, "-map", "0:v", "-fps_mode", "passthrough"],
    ...["-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"],
  ]);
  const size = (320 * 180 * 3) / 2;
  return Array.from({ length: raw.length / size }, (_, index) => {
    const data = raw.subarray(index * size, (index + 1) * size);
    const times = { pts: index, timeBase: { num: 1, den: 30 } };
    using frame = videoFrame({ format: "I420", codedWidth: 320, codedHeight: 180, data, ...times });
    return readPatternNumber(frame);
  });
}

/** How often the sound crosses zero: 880 times a second at 440 Hz. */
async function crossings(path: string): Promise<number> {
  const raw = await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-ar", "48000"],
    ...["-t", "1", "-f", "s16le", "pipe:1"],
  ]);
  let count = 0;
  for (let at = 2; at + 1 < raw.length; at += 2) {
    if (raw.readInt16LE(at) < 0 !== raw.readInt16LE(at - 2) < 0) count += 1;
  }
  return count;
}
