import { MillraceError, redactUrl } from "@millrace/core";
import { ffmpeg } from "@millrace/media/ffmpeg";
import { type CameraSource, type CameraState, cameraSource } from "@millrace/streaming";
import type { StreamSource } from "../stream-source.ts";
import type { StreamSpec } from "../stream-spec.ts";
import { cameraHosts } from "./camera-hosts.ts";
import { guardedCapture } from "./guarded-capture.ts";

/** What a stream of a camera is asked for with. */
export type CameraSpec = StreamSpec & { readonly source: "camera" };

/** Opens cameras. */
export interface Cameras {
  /** Whether a setting allows any. */
  readonly isOff: boolean;
  /**
   * Opens a camera, and settles when its first picture is there.
   *
   * @throws MillraceError INVALID_OPTION for a host that no setting names, REMOTE_FAILED when it cannot be read,
   *   TIMEOUT when it gives nothing, MISSING_DEPENDENCY without ffmpeg
   */
  open(spec: CameraSpec): Promise<StreamSource>;
}

/** One that gives nothing for so long is lost. */
const STALL_MS = 10_000;

/**
 * Makes what opens cameras.
 *
 * @param list - hosts that cameras may be on
 * @throws MillraceError INVALID_OPTION for an entry that is no host
 */
export function createCameras(list: readonly string[]): Cameras {
  const hosts = cameraHosts(list);
  return {
    isOff: hosts.isOff,
    async open({ url, fps }) {
      if (hosts.isOff) {
        throw new MillraceError(
          "INVALID_OPTION",
          "This server opens no cameras: name their hosts in its setting cameraHosts, such as 192.168.1.0/24.",
        );
      }
      const capture = guardedCapture(ffmpeg().capture, hosts);
      const camera = cameraSource(url, {
        ...{ capture, stallMs: STALL_MS, protocols: ["rtsp", "rtsps", "http", "https"] },
        ...(fps !== undefined && { framerate: fps }),
      });
      return await begun(camera, redactUrl(url));
    },
  };
}

/** Waits for the first picture, which says how large pictures are. The camera stays open as long as its stream. */
async function begun(camera: CameraSource, title: string): Promise<StreamSource> {
  let state: CameraState = { kind: "idle" };
  const first = Promise.withResolvers<{ readonly width: number; readonly height: number }>();
  const looking = camera.video$.subscribe({
    next: ({ displayWidth, displayHeight }) =>
      first.resolve({ width: displayWidth, height: displayHeight }),
    error: first.reject,
    complete: () => first.reject(new MillraceError("REMOTE_FAILED", `${title} has ended.`)),
  });
  looking.add(
    camera.state$.subscribe((now) => {
      state = now;
      // Whoever opens it waits for no second try.
      if (now.kind === "waiting") first.reject(new MillraceError("REMOTE_FAILED", now.message));
    }),
  );
  try {
    const size = await first.promise;
    return {
      ...{ live: camera, ...size, title },
      camera: () => state,
      isCurrent: () => state.kind !== "failed" && state.kind !== "ended",
      [Symbol.dispose]: () => looking.unsubscribe(),
    };
  } catch (error) {
    looking.unsubscribe();
    throw error;
  }
}
