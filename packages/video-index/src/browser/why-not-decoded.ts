import { MillraceError } from "@millrace/core/web";
import type { VideoDecoderBackend } from "@millrace/media";
import { readChunks } from "../access/read-chunks.ts";
import { randomAccessOf } from "../bitstream/random-access.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { VideoIndex } from "../index/video-index.ts";

/**
 * Why a decoder cannot decode all of a video; undefined when it can.
 *
 * @returns an error that is UNSUPPORTED or MISSING_DEPENDENCY
 */
export async function whyNotDecoded(
  { track }: VideoIndex,
  backend: VideoDecoderBackend,
): Promise<MillraceError | undefined> {
  try {
    for (const config of track.configs) {
      const decoder = await backend.open(config, { timeBase: { num: 1, den: 1 } });
      await decoder.close();
    }
    return undefined;
  } catch (error) {
    if (!MillraceError.is(error)) throw error;
    if (error.code === "UNSUPPORTED" || error.code === "MISSING_DEPENDENCY") return error;
    throw error;
  }
}

/**
 * Whether a decoder would have to go far back for most frames, because it does not enter at the video's key frames.
 * Judged by the one in the middle, which is read where the codec leaves it open.
 */
export async function entersSeldom(
  { track, keys, placeOf }: VideoIndex,
  backend: VideoDecoderBackend,
  source: ByteSource,
  signal?: AbortSignal,
): Promise<boolean> {
  const packet = keys[keys.length >> 1];
  if (packet === undefined) return false;
  const config = track.configs[track.packets.config[packet] as number];
  if (config === undefined || !backend.capabilities.closedOnly?.includes(config.family)) {
    return false;
  }
  const placeOfPacket = (at: number): number => placeOf[at] as number;
  const read = readChunks(source, track, packet, packet + 1, placeOfPacket, signal);
  const [chunk] = await read;
  return chunk !== undefined && randomAccessOf(config, chunk.data).kind !== "closed";
}
