import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import { answer, answerError, answerMethod } from "../http/answer.ts";
import { pageOrigins } from "../http/page-origins.ts";
import type { FrameHub } from "../hub/frame-hub.ts";
import type { Publication, Transport } from "../transport.ts";
import { createAdmission } from "../viewers/admission.ts";
import type { Viewer } from "../viewers/viewer.ts";
import { createViewerList } from "../viewers/viewer-list.ts";
import { createDataLog } from "./data-log.ts";
import { frameParts } from "./frame-parts.ts";
import { type MjpegPublishOptions, mjpegSettings, readWishes } from "./mjpeg-options.ts";
import { mjpegViewer } from "./mjpeg-viewer.ts";
import { createPictureShelf } from "./picture-shelf.ts";
import { answerSnapshot } from "./snapshot.ts";
import { soundViewer } from "./sound-viewer.ts";

/**
 * Pictures over plain HTTP, as `multipart/x-mixed-replace`: what an `<img>` shows, with nothing to install.
 *
 * Under the address of a publication are
 *
 * - the stream itself, by GET or POST. A viewer may ask for `fps`, `quality`, `width`, `height`, and with
 *   `framing=length` for a length, a time and a number in the headers of each picture, as programs like it
 * - `/snapshot.jpg`, the newest picture, with the same wishes
 * - `/audio.wav` and `/audio.webm` (Opus), the sound on the same clock
 * - `/state`, how the publication is doing, as JSON
 *
 * Every picture carries its number, its time and what belongs to it; see {@link readFrameComment}. To a viewer whose
 * road is slow fewer pictures are sent, so that none is seconds old, then smaller ones. The trailer `x-stream-end` says
 * whether the stream `ended` or `failed`.
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

const METHODS = ["GET", "HEAD", "POST", "OPTIONS"];
/** Headers of ours that a page of elsewhere may read. */
const EXPOSED = ["X-Timestamp", "X-Frame-Sequence", "X-Start-Timestamp"];
/** A request is a wish and no upload. */
const MOST_BODY_BYTES = 65_536;

function publish(hub: FrameHub, options: MjpegPublishOptions = {}): Publication {
  const { admission = createAdmission() } = options;
  const settings = mjpegSettings(options);
  const origins = pageOrigins("mjpeg", options.allowedOrigins);
  if (hub.isClosed) throw over();
  const list = createViewerList("mjpeg");
  const shelf = createPictureShelf(hub, settings.maxRenditions);
  const data = createDataLog(hub.data$);
  const leaving = new Set<Promise<unknown>>();
  let isClosed = false;
  const common = { "cache-control": "no-store, no-transform" };

  const admit = (response: ServerResponse, make: () => Viewer): void => {
    const giveBack = admission.takeSeat();
    try {
      const collecting = data.collecting$.subscribe();
      const left = new Promise<void>((resolve) => {
        response.once("close", () => {
          collecting.unsubscribe();
          giveBack();
          leaving.delete(left);
          resolve();
        });
      });
      leaving.add(left);
      const viewer = make();
      response.once("close", () => list.remove(viewer));
      list.add(viewer);
    } catch (error) {
      giveBack();
      throw error;
    }
  };
  const stream = (
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): void => {
    const wishes = readWishes(query, settings.pictures);
    const boundary = settings.boundary === "frame" ? "frame" : randomBytes(15).toString("hex");
    const headers = {
      ...common,
      "content-type": `multipart/x-mixed-replace; boundary=${boundary}`,
      pragma: "no-cache",
      "x-accel-buffering": "no",
      connection: "close",
    };
    if (request.method === "HEAD") {
      hub.pictures(wishes.pictures);
      answer(response, 200, headers);
      return;
    }
    // Without chunks there is no place for what comes after the body.
    const hasTrailer = request.httpVersionMajor > 1 || request.httpVersionMinor > 0;
    const parts = frameParts(boundary, wishes.framing);
    admit(response, () =>
      mjpegViewer({
        ...{ response, shelf, wishes, settings, parts, data },
        headers: { ...headers, ...(hasTrailer && { trailer: "x-stream-end" }) },
        refuse: (error) => answerError(response, error),
      }),
    );
  };
  const sound = (
    request: IncomingMessage,
    response: ServerResponse,
    container: "wav" | "webm",
  ): void => {
    if (request.method === "HEAD") {
      if (container === "webm") hub.sound("opus");
      answer(response, 200, { ...common, "content-type": `audio/${container}` });
      return;
    }
    const { snapshotMs: firstMs, stallMs } = settings;
    const headers = { ...common, "x-accel-buffering": "no", connection: "close" };
    const refuse = (error: unknown): void => answerError(response, error);
    admit(response, () =>
      soundViewer({ response, hub, container, headers, firstMs, stallMs, refuse }),
    );
  };
  const route = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string | undefined,
  ): Promise<void> => {
    if (isClosed) throw over();
    const [address = "", search = ""] = (request.url ?? "").split("?", 2);
    const query = new URLSearchParams(search);
    // The address of the stream itself may be anything that the application has chosen.
    const place = path ?? `/${address.split("/").at(-1)}`;
    switch (place) {
      case "/snapshot.jpg":
        await answerSnapshot(
          response,
          shelf,
          readWishes(query, settings.pictures).pictures,
          data,
          settings,
          common,
        );
        return;
      case "/audio.wav":
        sound(request, response, "wav");
        return;
      case "/audio.webm":
        sound(request, response, "webm");
        return;
      case "/state":
        answer(
          response,
          200,
          { ...common, "content-type": "application/json; charset=utf-8" },
          JSON.stringify(list.stats()),
        );
        return;
      default:
        if (path !== undefined && !["", "/", "/stream"].includes(path)) {
          throw new MillraceError(
            "NOT_FOUND",
            `Nothing is at ${JSON.stringify(path.slice(0, 80))}; there are the stream, /snapshot.jpg, /audio.wav, /audio.webm and /state.`,
          );
        }
        stream(request, response, query);
    }
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    list.close("the stream is over");
    await Promise.all(leaving);
  };
  return {
    transport: "mjpeg",
    async handle(request, response, path) {
      const refusal = origins.refusalOf(request.headers);
      if (refusal) {
        request.resume();
        answerError(response, refusal, 403);
        return;
      }
      const permission = Object.entries(origins.permissionFor(request.headers));
      for (const [name, value] of permission) response.setHeader(name, value);
      if (permission.length > 0) {
        response.setHeader("access-control-expose-headers", EXPOSED.join(", "));
      }
      if (!METHODS.includes(request.method ?? "")) {
        answerMethod(response, METHODS);
        return;
      }
      if (request.method === "OPTIONS") {
        answer(response, 204, {
          ...common,
          allow: METHODS.join(", "),
          ...(permission.length > 0 && {
            "access-control-allow-methods": METHODS.join(", "),
            "access-control-allow-headers": "*",
            "access-control-max-age": "600",
          }),
        });
        return;
      }
      dropBody(request);
      try {
        await route(request, response, path);
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

/** Reads away what nobody wants, and hangs up on who sends too much of it. */
function dropBody(request: IncomingMessage): void {
  let sizeBytes = 0;
  request.on("data", (piece: Uint8Array) => {
    sizeBytes += piece.length;
    if (sizeBytes > MOST_BODY_BYTES) request.destroy();
  });
  request.on("error", () => {});
}

function over(): MillraceError {
  return new MillraceError("CLOSED", "This stream is over.");
}
