import type { EncodedVideoFamily } from "@millrace/media";
import { map, type Observable, share } from "rxjs";
import type { EncodedFrame } from "../../hub/encoded-frame.ts";
import type { VideoRendition } from "../../hub/rendition.ts";
import type { RtpPayload } from "../peer-transport.ts";
import { packetizeH264 } from "../rtp/packetize-h264.ts";
import { packetizeVp8 } from "../rtp/packetize-vp8.ts";
import type { RtpClock } from "./rtp-clock.ts";

/** A frame cut into packets, once for all who watch. */
export interface PacketizedFrame {
  readonly frame: EncodedFrame;
  readonly packets: readonly RtpPayload[];
}

/** A rendition as packets. */
export interface PacketRendition {
  readonly rendition: VideoRendition;
  /** Hot, as the frames of the rendition. */
  readonly packets$: Observable<PacketizedFrame>;
}

/**
 * Bytes of a payload: with headers, extensions, encryption and what a repetition adds, packets stay under 1,200 bytes,
 * which goes through every tunnel.
 */
const MOST_BYTES = 1_140;

/** Cuts the frames of a rendition into packets, while somebody watches. */
export function packetRendition(
  rendition: VideoRendition,
  family: EncodedVideoFamily,
  clock: RtpClock,
): PacketRendition {
  const packets$ = rendition.frames$.pipe(
    map((frame) => {
      clock.note(frame);
      const timestamp = clock.video(frame.timestamp);
      const payloads =
        family === "h264"
          ? packetizeH264(frame.data, MOST_BYTES)
          : packetizeVp8(frame.data, frame.sequence, MOST_BYTES);
      const packets = payloads.map((data, at) => ({
        data,
        timestamp,
        marker: at === payloads.length - 1,
      }));
      return { frame, packets };
    }),
    share(),
  );
  return { rendition, packets$ };
}
