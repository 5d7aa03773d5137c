import { ticksToSeconds } from "@millrace/media";
import { PacketFlag } from "../container/packet-table.ts";
import type { FrameInfo } from "../video.ts";
import { frameDuration, framePts, type VideoIndex } from "./video-index.ts";

/** What the index alone says of a frame. */
export function frameInfo(
  index: VideoIndex,
  frame: number,
): Pick<FrameInfo, "index" | "pts" | "time" | "duration" | "key"> {
  const { timeBase, packets } = index.track;
  const pts = framePts(index, frame);
  const packet = index.packetOf[frame] as number;
  return {
    index: frame,
    pts,
    time: ticksToSeconds(pts, timeBase),
    duration: ticksToSeconds(frameDuration(index, frame), timeBase),
    key: ((packets.flags[packet] as number) & PacketFlag.key) !== 0,
  };
}
