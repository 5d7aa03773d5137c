import { MillraceError } from "@millrace/core/web";
import { byteQueue } from "./byte-queue.ts";
import { clusterStart, matroskaHeader, simpleBlock } from "./matroska.ts";
import type { Muxer, MuxerBackend, MuxerTracks } from "./muxer.ts";

const HIGH_WATER_MARK = 1 << 20;
const MILLISECOND_NS = 1_000_000;
/** A block's time is counted from its cluster's in 16 bits. */
const LONGEST_CLUSTER_MS = 30_000;
const VIDEO = ["vp8", "vp9", "av1"];

/**
 * Writes WebM as a stream, in plain TypeScript: VP8, VP9 or AV1 and Opus. A cluster begins at each key frame; there
 * is no table to seek by, as in every live stream.
 *
 * @example
 * ```ts
 * import { webmMuxer } from "@millrace/media";
 *
 * const muxer = await webmMuxer().open("webm", {
 *   video: { family: "vp8", codec: "vp8", codedWidth: 320, codedHeight: 180 },
 * });
 * const [first] = await Array.fromAsync(muxer.output, async (bytes) => {
 *   await muxer.end();
 *   return bytes.length;
 * });
 * console.log(first); // 163
 * ```
 */
export function webmMuxer(): MuxerBackend {
  return {
    apiVersion: 1,
    name: "webm",
    containers: ["webm"],
    async open(container, tracks) {
      if (container !== "webm") {
        throw new MillraceError("UNSUPPORTED", `webm: it writes WebM, not ${container}.`);
      }
      checkTracks(tracks);
      return openMuxer(tracks);
    },
  };
}

function checkTracks({ video, audio }: MuxerTracks): void {
  if (!video && !audio)
    throw new MillraceError("INVALID_OPTION", "webm: give video, audio or both.");
  const wrong =
    video && !VIDEO.includes(video.family)
      ? video.family
      : audio && audio.family !== "opus"
        ? audio.family
        : undefined;
  if (wrong !== undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      `webm: WebM holds VP8, VP9, AV1 and Opus, not ${wrong}.`,
    );
  }
}

function openMuxer({ video, audio }: MuxerTracks): Muxer {
  const queue = byteQueue(HIGH_WATER_MARK);
  let clusterMs = Number.NaN;
  let last: Promise<void> = queue.push(
    matroskaHeader({ docType: "webm", timestampScaleNs: MILLISECOND_NS, video, audio }),
  );
  let isEnded = false;
  last.catch(() => {});

  /** Times below 0, which the container cannot hold, are those of what an encoder puts before the sound. */
  function write(track: "video" | "audio", timestamp: number, isKey: boolean, data: Uint8Array) {
    if (isEnded) throw new MillraceError("CLOSED", "webm: the file has ended.");
    const ms = Math.max(0, Math.round(timestamp / 1000));
    const startsCluster =
      !(Math.abs(ms - clusterMs) < LONGEST_CLUSTER_MS) || (isKey && track === "video");
    if (startsCluster) clusterMs = ms;
    const block = simpleBlock(track, ms - clusterMs, isKey, data);
    last = last.then(() =>
      queue.push(startsCluster ? Buffer.concat([clusterStart(ms), block]) : block),
    );
    return last;
  }

  async function close(): Promise<void> {
    isEnded = true;
    queue.fail(new MillraceError("CLOSED", "webm: the muxer was closed before its end."));
  }

  return {
    async writeVideo({ timestamp, type, data }) {
      if (!video) throw new MillraceError("INVALID_OPTION", "webm: the file has no video.");
      await write("video", timestamp, type === "key", data);
    },
    async writeAudio({ timestamp, data }) {
      if (!audio) throw new MillraceError("INVALID_OPTION", "webm: the file has no sound.");
      await write("audio", timestamp, true, data);
    },
    async end() {
      isEnded = true;
      await last;
      await queue.end();
    },
    output: queue.output,
    close,
    [Symbol.asyncDispose]: close,
  };
}
