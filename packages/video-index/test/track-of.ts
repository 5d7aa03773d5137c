import type { VideoDecoderConfig } from "@millrace/media";
import { packetTableBuilder } from "../src/container/packet-table.ts";
import type { VideoTrack } from "../src/container/video-track.ts";

/** A packet as a test writes it down. */
export interface TestPacket {
  readonly pts: number;
  readonly duration?: number;
  readonly offset?: number;
  readonly size?: number;
  /** Bits of `PacketFlag`; 1 is a key packet. */
  readonly flags?: number;
  readonly config?: number;
}

/** A track of packets in the order of decoding. */
export function trackOf(
  packets: readonly TestPacket[],
  config: Partial<VideoDecoderConfig> = {},
): VideoTrack {
  const builder = packetTableBuilder(packets.length);
  for (const { pts, duration = 1, offset = 0, size = 1, flags = 0, config: at = 0 } of packets) {
    builder.add({ pts, duration, offset, size, flags, config: at });
  }
  return {
    id: 1,
    container: "mp4",
    timeBase: { num: 1, den: 1000 },
    configs: [{ codec: "avc1", family: "h264", codedWidth: 4, codedHeight: 4, ...config }],
    displayWidth: 4,
    displayHeight: 4,
    rotation: 0,
    colorSpace: {},
    framing: { kind: "plain" },
    packets: builder.build(),
  };
}
