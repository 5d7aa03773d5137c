import type { ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import { answer } from "../http/answer.ts";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import type { PictureSpec, Rendition } from "../hub/rendition.ts";
import type { DataLog } from "./data-log.ts";
import { frameHeaders } from "./frame-parts.ts";
import type { MjpegSettings } from "./mjpeg-options.ts";
import type { PictureShelf } from "./picture-shelf.ts";

/**
 * Answers with the newest picture. When nobody watches, one is made, which takes as long as the source takes.
 *
 * @throws MillraceError TIMEOUT when none comes in time, CLOSED when the stream is over, and what making it throws
 */
export async function answerSnapshot(
  response: ServerResponse,
  shelf: PictureShelf,
  pictures: PictureSpec,
  data: DataLog,
  { snapshotMs }: MjpegSettings,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { rendition, giveBack } = shelf.take(pictures);
  const collecting = data.collecting$.subscribe();
  try {
    const position = data.begin();
    const frame = rendition.latest ?? (await nextFrame(rendition, response, snapshotMs));
    if (!frame) return;
    const { bytes } = data.head(frame, position);
    answer(
      response,
      200,
      {
        ...headers,
        "content-type": "image/jpeg",
        "content-length": String(bytes.length + frame.data.length - 2),
        ...frameHeaders(frame),
      },
      Buffer.concat([bytes, frame.data.subarray(2)]),
    );
  } finally {
    collecting.unsubscribe();
    giveBack();
  }
}

/** The next frame; undefined when nobody waits for it any more. */
function nextFrame(
  rendition: Rendition,
  response: ServerResponse,
  timeoutMs: number,
): Promise<EncodedFrame | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      clearTimeout(timer);
      response.off("close", leave);
      // The subscription may not be there yet when the stream is over already.
      queueMicrotask(() => subscription.unsubscribe());
      run();
    };
    const leave = (): void => settle(() => resolve(undefined));
    const timer = setTimeout(() => {
      const message = `No picture came within ${timeoutMs} ms; see whether the source runs.`;
      settle(() => reject(new MillraceError("TIMEOUT", message, { retryable: true })));
    }, timeoutMs);
    response.once("close", leave);
    const subscription = rendition.frames$.subscribe({
      next: (frame) => settle(() => resolve(frame)),
      error: (error: unknown) => settle(() => reject(error)),
      complete: () => settle(() => reject(new MillraceError("CLOSED", "This stream is over."))),
    });
  });
}
