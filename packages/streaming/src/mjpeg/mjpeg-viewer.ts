import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import type { Rendition } from "../hub/rendition.ts";
import type { Viewer, ViewerState } from "../viewers/viewer.ts";
import { createViewerMeter } from "../viewers/viewer-meter.ts";

/** Sends a rendition to one viewer, until the response is closed or the stream ends. */
export function mjpegViewer(
  response: ServerResponse,
  rendition: Rendition,
  boundary: string,
): Viewer {
  const meter = createViewerMeter();
  const head = `--${boundary}\r\nContent-Type: image/jpeg\r\n\r\n`;
  let state: ViewerState = "connecting";
  let waiting: EncodedFrame | undefined;

  response.writeHead(200, {
    "content-type": `multipart/x-mixed-replace; boundary=${boundary}`,
    "cache-control": "no-store, no-transform",
    pragma: "no-cache",
    "x-accel-buffering": "no",
    connection: "close",
  });
  response.socket?.setNoDelay(true);
  response.write(head);

  const send = (frame: EncodedFrame): void => {
    state = "live";
    response.cork();
    response.write(frame.data);
    // A browser shows a part when it has read the head of the next one.
    response.write(`\r\n${head}`);
    response.uncork();
    meter.sent(frame.data.length);
    const age = (): void =>
      meter.aged(performance.timeOrigin + performance.now() - frame.capturedAtMs);
    if (response.writableLength === 0) age();
    else response.once("drain", age);
  };
  response.on("drain", () => {
    if (!waiting) return;
    const frame = waiting;
    waiting = undefined;
    send(frame);
  });
  const subscription = rendition.frames$.subscribe({
    next(frame) {
      if (response.writableLength === 0) {
        send(frame);
        return;
      }
      if (waiting) meter.dropped();
      waiting = frame;
    },
    error: () => viewer.close(),
    complete: () => viewer.close(),
  });
  const viewer: Viewer = {
    id: randomUUID(),
    transport: "mjpeg",
    sinceMs: Date.now(),
    stats: () => ({
      id: viewer.id,
      transport: "mjpeg",
      state,
      sinceMs: viewer.sinceMs,
      rendition: rendition.label,
      ...meter.read(),
      isAgeAcknowledged: false,
      rttMs: null,
      lossRatio: null,
      targetBitrate: null,
    }),
    close() {
      if (state === "closed") return;
      state = "closed";
      subscription.unsubscribe();
      response.end(`--${boundary}--\r\n`);
    },
  };
  return viewer;
}
