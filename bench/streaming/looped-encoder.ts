import { readFileSync, writeFileSync } from "node:fs";
import type { VideoEncoderBackend } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { createFrameHub, type EncodedFrame, testPattern } from "@millrace/streaming";
import { lastValueFrom, takeWhile, tap } from "rxjs";

/** H.264 that is played over and over; the first chunk is a key frame. */
export interface Loop {
  readonly chunks: readonly { readonly isKey: boolean; readonly data: Buffer }[];
}

const LOOP_BITRATE = 1_800_000;
const FRAMERATE = 30;
const LOOP_FRAMES = 10 * FRAMERATE;
/** The first seconds, in which the encoder finds its rate, are left out. */
const SETTLE_FRAMES = 4 * FRAMERATE;
const HEAD_BYTES = 5;

/** Encodes ten seconds of the test pattern, as live as it will be sent, and writes them to a file. */
export async function writeLoop(path: string): Promise<{ readonly megabits: number }> {
  await using media = nodeAv({ workers: 1 });
  const pattern = testPattern({ width: 1280, height: 720, framerate: FRAMERATE });
  await using hub = createFrameHub(pattern, { video: media.videoEncoder });
  const rendition = hub.video({ family: "h264", bitrate: LOOP_BITRATE });
  const encoded: EncodedFrame[] = [];
  await lastValueFrom(
    rendition.frames$.pipe(
      tap((frame) => {
        encoded.push(frame);
        if (encoded.length === SETTLE_FRAMES) rendition.requestKeyFrame();
      }),
      takeWhile(() => encoded.length < SETTLE_FRAMES + LOOP_FRAMES + FRAMERATE),
    ),
  );
  const first = encoded.findIndex(({ isKey }, at) => isKey && at >= SETTLE_FRAMES);
  const frames = encoded.slice(first, first + LOOP_FRAMES);
  const pieces = frames.flatMap(({ isKey, data }) => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(data.length);
    head.writeUInt8(isKey ? 1 : 0, 4);
    return [head, data];
  });
  writeFileSync(path, Buffer.concat(pieces));
  const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
  return { megabits: (bytes * 8 * FRAMERATE) / frames.length / 1e6 };
}

/** Reads what {@link writeLoop} wrote. */
export function readLoop(path: string): Loop {
  const bytes = readFileSync(path);
  const chunks: Loop["chunks"][number][] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + HEAD_BYTES;
    const to = from + bytes.readUInt32BE(at);
    chunks.push({ isKey: bytes.readUInt8(at + 4) === 1, data: bytes.subarray(from, to) });
    at = to;
  }
  return { chunks };
}

/** Gives the chunks of a loop instead of encoding; begins anew where a key frame is asked for. */
export function loopedEncoder({ chunks }: Loop): VideoEncoderBackend {
  return {
    apiVersion: 1,
    name: "loop",
    families: ["h264"],
    async open({ width, height }) {
      let next = 0;
      const close = async (): Promise<void> => {};
      return {
        async encode({ timestamp, pts }, { keyFrame = false } = {}) {
          if (keyFrame) next = 0;
          const chunk = chunks[next++ % chunks.length];
          if (!chunk) throw new Error("the loop is empty");
          const { isKey, data } = chunk;
          const type = isKey ? "key" : "delta";
          return [{ type, timestamp, duration: null, pts, dts: pts, data }];
        },
        setBitrate: async () => {},
        flush: async () => [],
        decoderConfig: {
          family: "h264",
          codec: "avc1.42e01f",
          codedWidth: width,
          codedHeight: height,
          reorderDepth: 0,
        },
        close,
        [Symbol.asyncDispose]: close,
      };
    },
  };
}
