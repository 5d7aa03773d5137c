import type { EncodedFrame } from "../hub/encoded-frame.ts";
import type { MjpegFraming } from "./mjpeg-options.ts";

/** Writes the body of a `multipart/x-mixed-replace`, in pieces that are written one after another. */
export interface FrameParts {
  /** Before the first picture. */
  readonly opening: Uint8Array;
  /**
   * A picture.
   *
   * @param head - what takes the place of its first two bytes
   */
  frame(frame: EncodedFrame, head: Uint8Array): readonly Uint8Array[];
  /** The last one once more, with the end behind it, where browsers need it to show the last one. */
  readonly last?: FrameParts["frame"];
  /** The end. */
  readonly closing: Uint8Array;
}

/**
 * The two framings. Browsers show a picture when they have read the headers of the next one, so these are sent at once
 * behind it; no length can stand in them. Programs get the length of each picture before it.
 */
export function frameParts(boundary: string, framing: MjpegFraming): FrameParts {
  if (framing === "browser") {
    const next = `--${boundary}\r\nContent-Type: image/jpeg\r\n\r\n`;
    const closing = ascii(`\r\n--${boundary}--\r\n`);
    const behind = ascii(`\r\n${next}`);
    return {
      opening: ascii(next),
      frame: ({ data }, head) => [head, data.subarray(2), behind],
      last: ({ data }, head) => [head, data.subarray(2), closing],
      closing,
    };
  }
  const behind = ascii("\r\n");
  return {
    opening: ascii(""),
    frame: (frame, head) => [
      ascii(
        `--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${head.length + frame.data.length - 2}\r\n` +
          Object.entries(frameHeaders(frame))
            .map(([name, value]) => `${name}: ${value}\r\n`)
            .join("") +
          "\r\n",
      ),
      head,
      frame.data.subarray(2),
      behind,
    ],
    closing: ascii(`--${boundary}--\r\n`),
  };
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Time (seconds of Unix time, as motion-JPEG servers write it) and number of a frame, as headers. */
export function frameHeaders({ capturedAtMs, sequence }: EncodedFrame): Record<string, string> {
  return {
    "X-Timestamp": (capturedAtMs / 1_000).toFixed(6),
    "X-Frame-Sequence": String(sequence),
  };
}
