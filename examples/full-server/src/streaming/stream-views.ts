import { redactUrl } from "@millrace/core";
import type { OpenStream } from "./stream-shelf.ts";

/** A stream as it is told to callers. */
export function streamView({
  id,
  spec,
  title,
  sinceMs,
  picture,
  hub,
  camera,
  publications,
  stats,
}: OpenStream) {
  const base = `/v1/streams/${encodeURIComponent(id)}`;
  const hubStats = hub.stats();
  return {
    ...{ id, title, sinceMs, picture },
    // What a page sets its clock by.
    nowMs: performance.timeOrigin + performance.now(),
    ...shown(spec),
    ...(camera && { camera: camera() }),
    hasSound: hub.hasSound,
    urls: {
      mjpeg: `${base}/mjpeg`,
      snapshot: `${base}/snapshot.jpg`,
      ...(hub.hasSound && { audio: `${base}/audio.wav` }),
      ...(publications.websocket && { websocket: `${base}/ws` }),
      ...(publications.webrtc && { whep: `${base}/whep`, offer: `${base}/offer` }),
    },
    framesIn: hubStats.framesIn,
    framesOutOfOrder: hubStats.framesOutOfOrder,
    renditions: hubStats.renditions,
    viewers: [...stats.values()].flatMap(({ viewers }) => viewers),
    transports: [...stats.values()].map(({ viewers, ...totals }) => ({
      ...totals,
      viewersNow: viewers.length,
    })),
  };
}

/** What was wished for, without what is secret in it. */
function shown(spec: OpenStream["spec"]): OpenStream["spec"] {
  return spec.source === "camera" ? { ...spec, url: redactUrl(spec.url) } : spec;
}
