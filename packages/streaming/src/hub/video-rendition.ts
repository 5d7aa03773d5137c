import type { VideoEncoder, VideoEncoderBackend } from "@millrace/media";
import type { Observable } from "rxjs";
import { encodeNewest, type FrameWork, type Stoppable } from "./encode-newest.ts";
import type { EncodedFrame } from "./encoded-frame.ts";
import { sizeLabel } from "./picture-rendition.ts";
import { renderedSize } from "./rendered-size.ts";
import type { VideoRendition, VideoSpec } from "./rendition.ts";
import type { StampedFrame } from "./stamped-frame.ts";

const DEFAULT_BITRATE = 2_000_000;
/** Viewers that join together ask together; a key frame each would be many times the bitrate. */
const KEY_FRAME_GUARD_MS = 250;

/** Encoded video of a stream, made while somebody watches. */
export function videoRendition(
  source$: Observable<StampedFrame>,
  backend: VideoEncoderBackend,
  spec: VideoSpec,
): VideoRendition & Stoppable {
  const { family, framerate } = spec;
  let bitrate = spec.bitrate ?? DEFAULT_BITRATE;
  let latest: EncodedFrame | undefined;
  let current: VideoEncoder | undefined;
  let isKeyWanted = false;

  const start = (): FrameWork => {
    let open: { encoder: VideoEncoder; width: number; height: number; bitrate: number } | undefined;
    let lastKeyMs = Number.NEGATIVE_INFINITY;
    const stamps = new Map<number, StampedFrame>();

    /** The source may change its size at any time; decoders take another size at a key frame. */
    const encoderFor = async ({ frame }: StampedFrame): Promise<NonNullable<typeof open>> => {
      const { width, height } = renderedSize(frame, spec);
      if (open?.width !== width || open.height !== height) {
        await open?.encoder.close();
        const pace = framerate === undefined ? {} : { framerate };
        const encoder = await backend.open({ family, width, height, bitrate, ...pace });
        open = { encoder, width, height, bitrate };
        current = encoder;
      }
      if (open.bitrate !== bitrate) {
        open.bitrate = bitrate;
        await open.encoder.setBitrate(bitrate);
      }
      return open;
    };

    return {
      async encode(stamped) {
        const { encoder, width, height } = await encoderFor(stamped);
        stamps.set(stamped.frame.timestamp, stamped);
        // A request stays until the guard is over, so that the last one is answered too.
        const keyFrame = isKeyWanted && performance.now() - lastKeyMs >= KEY_FRAME_GUARD_MS;
        const chunks = await encoder.encode(stamped.frame, { keyFrame });
        return chunks.map(({ type, timestamp, data }) => {
          const isKey = type === "key";
          if (isKey) {
            lastKeyMs = performance.now();
            isKeyWanted = false;
          }
          const { sequence, capturedAtMs } = stamps.get(timestamp) ?? stamped;
          stamps.delete(timestamp);
          latest = { sequence, timestamp, capturedAtMs, isKey, width, height, data };
          return latest;
        });
      },
      async stop() {
        if (current === open?.encoder) {
          current = undefined;
          latest = undefined;
        }
        await open?.encoder.close();
      },
    };
  };

  const made = encodeNewest(source$, framerate, start);
  return {
    label: [family, sizeLabel(spec), spec.maxHeight && `≤${spec.maxHeight}`, spec.variant]
      .filter(Boolean)
      .join(" "),
    frames$: made.frames$,
    stopped: made.stopped,
    get isMade() {
      return made.isMade;
    },
    get latest() {
      return latest;
    },
    get decoderConfig() {
      return current?.decoderConfig;
    },
    requestKeyFrame() {
      isKeyWanted = true;
    },
    get bitrate() {
      return bitrate;
    },
    setBitrate(wanted) {
      bitrate = wanted;
    },
  };
}
