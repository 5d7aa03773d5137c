import type { ImageEncoder } from "@millrace/media";
import type { Observable } from "rxjs";
import { encodeNewest, type Stoppable } from "./encode-newest.ts";
import type { EncodedFrame } from "./encoded-frame.ts";
import type { PictureSpec, Rendition } from "./rendition.ts";
import type { StampedFrame } from "./stamped-frame.ts";

const DEFAULT_QUALITY = 80;

/** JPEGs of a stream, made while somebody watches. */
export function pictureRendition(
  source$: Observable<StampedFrame>,
  images: ImageEncoder,
  spec: PictureSpec,
): Rendition & Stoppable {
  const { width, height, quality = DEFAULT_QUALITY } = spec;
  const options = {
    quality,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
  };
  let latest: EncodedFrame | undefined;
  const made = encodeNewest(source$, spec.framerate, () => ({
    async encode({ frame, sequence, capturedAtMs }) {
      const { timestamp } = frame;
      const image = await images.encode(frame, options);
      latest = {
        sequence,
        timestamp,
        capturedAtMs,
        isKey: true,
        width: image.width,
        height: image.height,
        data: image.data,
      };
      return [latest];
    },
    async stop() {
      latest = undefined;
    },
  }));
  return {
    label: ["jpeg", sizeLabel(spec), `q${quality}`].filter(Boolean).join(" "),
    frames$: made.frames$,
    stopped: made.stopped,
    get isMade() {
      return made.isMade;
    },
    get latest() {
      return latest;
    },
  };
}

/** A size that may be half given, such as `"640×"`. */
export function sizeLabel({ width, height }: PictureSpec): string {
  return width === undefined && height === undefined ? "" : `${width ?? ""}×${height ?? ""}`;
}
