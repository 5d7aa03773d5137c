import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import { answerError, answerMethod } from "../http/answer.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { PictureSpec } from "../hub/rendition.ts";
import type { Publication, PublishOptions, Transport } from "../transport.ts";
import { createAdmission } from "../viewers/admission.ts";
import { createViewerList } from "../viewers/viewer-list.ts";
import { mjpegViewer } from "./mjpeg-viewer.ts";

/** What {@link mjpeg} may be told for one publication. */
export interface MjpegPublishOptions extends PublishOptions {
  /** What viewers get who do not ask for something else. */
  readonly pictures?: PictureSpec;
}

/**
 * Pictures over plain HTTP, as `multipart/x-mixed-replace`: what an `<img>` shows, with nothing to install.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { jpegTurbo } from "@millrace/media/jpeg-turbo";
 * import { createFrameHub, mjpeg, testPattern } from "@millrace/streaming";
 *
 * const hub = createFrameHub(testPattern({ width: 320, height: 180 }), { images: jpegTurbo() });
 * const publication = mjpeg().publish(hub);
 * const server = createServer((request, response) => publication.handle(request, response));
 * server.listen(0, "127.0.0.1");
 * // <img src="http://…/stream">
 * await publication.close();
 * await hub.close();
 * server.close();
 * ```
 */
export function mjpeg(): Transport<MjpegPublishOptions> {
  return { apiVersion: 1, name: "mjpeg", publish };
}

function publish(hub: FrameHub, options: MjpegPublishOptions = {}): Publication {
  const { admission = createAdmission(), pictures = {} } = options;
  const list = createViewerList("mjpeg");
  let isClosed = false;

  const watch = (response: ServerResponse): void => {
    if (isClosed) throw new MillraceError("CLOSED", "This stream is over.");
    const rendition = hub.pictures(pictures);
    const giveBack = admission.takeSeat();
    const viewer = mjpegViewer(response, rendition, randomBytes(15).toString("hex"));
    list.add(viewer);
    response.once("close", () => {
      viewer.close();
      list.remove(viewer);
      giveBack();
    });
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    list.close("the stream is over");
  };
  return {
    transport: "mjpeg",
    async handle(request, response) {
      if (request.method !== "GET" && request.method !== "POST") {
        answerMethod(response, ["GET", "POST"]);
        return;
      }
      request.resume();
      try {
        watch(response);
      } catch (error) {
        if (MillraceError.is(error) && error.code === "LIMIT_EXCEEDED") list.refused();
        answerError(response, error);
      }
    },
    viewers$: list.viewers$,
    stats$: list.stats$,
    close,
    [Symbol.asyncDispose]: close,
  };
}
