import { describe, expect, it } from "vitest";
import { trackOf } from "../../test/track-of.ts";
import { importMappings } from "./import-mappings.ts";

describe("importMappings", () => {
  it("passes over the packets of sound that ffprobe lists too", () => {
    const packets = [
      { codec_type: "video", pts: 0, pos: "10", size: "5", flags: "K__" },
      { codec_type: "audio", pts: 0, pos: "15", size: "5", flags: "K__" },
      { pts: 1, pos: 20, size: 5 },
    ];
    const { packets: table } = importMappings(trackOf([]), { packets });
    expect([...table.offset]).toEqual([10, 20]);
  });

  it.each([
    { pos: -1, size: 5 },
    { pos: 0, size: -5 },
    { pos: 0.5, size: 5 },
  ])("refuses a packet that begins nowhere: %j", (place) => {
    expect(() => importMappings(trackOf([]), { packets: [{ pts: 0, ...place }] })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  it("does not take forever where all frames are at one time", () => {
    const count = 60_000;
    const track = trackOf(Array(count).fill({ pts: 0 }));
    const frames = Array.from({ length: 2 }, () => ({ pts: 0, key_frame: 1 }));
    expect(importMappings(track, { frames }).packets.count).toBe(count);
  });
});
