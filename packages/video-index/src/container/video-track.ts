import type { Rational, Rotation, VideoColorSpace, VideoDecoderConfig } from "@millrace/media";
import type { PacketTable } from "./packet-table.ts";

/** The formats of files that are read. */
export type ContainerName = "mp4" | "matroska" | "mpegts" | "avi" | "annexb";

/** How the bytes of a packet lie in the source. */
export type PacketFraming =
  /** In one piece. */
  | { readonly kind: "plain" }
  /** In one piece, without bytes that all packets begin with (Matroska's header stripping). */
  | { readonly kind: "stripped"; readonly prefix: Uint8Array }
  /** Spread over transport packets, among those of other streams. */
  | {
      readonly kind: "transport";
      readonly pid: number;
      readonly packetBytes: number;
      readonly skip: number;
    };

/** One video track of a source, as its container describes it. */
export interface VideoTrack {
  /** As the container numbers it. */
  readonly id: number;
  readonly container: ContainerName;
  readonly timeBase: Rational;
  /** One after another; more than one where parameters change on the way. */
  readonly configs: readonly VideoDecoderConfig[];
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly rotation: Rotation;
  readonly colorSpace: VideoColorSpace;
  readonly framing: PacketFraming;
  readonly packets: PacketTable;
}

/** What one look into a container gives. */
export interface ContainerContents {
  readonly container: ContainerName;
  /** In the order of the file; audio and other tracks are left out. */
  readonly tracks: readonly VideoTrack[];
  /** What was wrong on the way and did not hinder, in words. */
  readonly warnings: readonly string[];
}
