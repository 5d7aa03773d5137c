import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileBytes } from "../bytes/file-bytes.ts";
import { readContainer } from "../container/read-container.ts";
import type { VideoTrack } from "../container/video-track.ts";
import { makeClips } from "../testing/index.ts";
import { importMappings } from "./import-mappings.ts";
import { videoIndex } from "./video-index.ts";

const clips = await makeClips(join(tmpdir(), "millrace-clips"));

async function trackOf(name: string): Promise<VideoTrack> {
  await using source = await fileBytes(clips.pathOf(name));
  const [track] = (await readContainer(source)).tracks;
  if (track === undefined) throw new Error(`${name} has no track.`);
  return track;
}

function ffprobe(name: string, what: string) {
  const words = `-v error -select_streams v:0 ${what} -of json`.split(" ");
  return JSON.parse(execFileSync("ffprobe", [...words, clips.pathOf(name)], { encoding: "utf8" }));
}

describe("importMappings", () => {
  it.each(["cfr_b.mp4", "open_gop_hevc.mp4", "elst_trim.mp4", "vfr.mkv", "frag.mp4"])(
    "makes the index of %s that its container makes, from the packets of ffprobe",
    async (name) => {
      const track = await trackOf(name);
      const own = videoIndex(track);
      const imported = videoIndex(importMappings(track, ffprobe(name, "-show_packets")));
      expect([...imported.packetOf]).toEqual([...own.packetOf]);
      expect([...imported.keys]).toEqual([...own.keys]);
      expect(imported.track.packets.size).toEqual(track.packets.size);
      // FFmpeg shifts all times of a fragmented file or one with an edit list by the same amount.
      const shift = (imported.track.packets.pts[0] as number) - (track.packets.pts[0] as number);
      expect(imported.track.packets.pts.map((pts) => pts - shift)).toEqual(track.packets.pts);
    },
  );

  it("takes the mappings of torchcodec, in words or numbers", async () => {
    const track = await trackOf("cfr_b.mp4");
    const { frames } = ffprobe(
      "cfr_b.mp4",
      "-show_frames -show_entries frame=pts,duration,key_frame",
    );
    const own = videoIndex(track);
    const words = frames.map((frame: Record<string, unknown>) => ({
      ...frame,
      pts: String(frame["pts"]),
    }));
    for (const list of [frames, words]) {
      const imported = videoIndex(importMappings(track, { frames: list }));
      expect([...imported.keys]).toEqual([...own.keys]);
      expect(imported.frameCount).toBe(60);
    }
    const few = videoIndex(importMappings(track, { frames: frames.slice(10, 20) }));
    expect(few.frameCount).toBe(10);
  });

  it.each([
    [
      { frames: [{ pts: 7, key_frame: 1 }] },
      "CORRUPT_INPUT",
      /pts 7, which the video does not have/,
    ],
    [{ packets: [{ size: 5, pts: 0 }] }, "INVALID_OPTION", /packet 0: pos is undefined/],
    [{ packets: [{ size: "x", pos: 1, pts: 0 }] }, "INVALID_OPTION", /packet 0: size is x/],
  ] as const)("refuses %j", async (mappings, code, message) => {
    const track = await trackOf("cfr_b.mp4");
    expect(() => importMappings(track, mappings)).toThrow(expect.objectContaining({ code }));
    expect(() => importMappings(track, mappings)).toThrow(message);
  });
});
