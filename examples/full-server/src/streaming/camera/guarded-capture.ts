import { MillraceError } from "@millrace/core";
import type { Capture, CaptureBackend, CaptureOptions, VideoFrame } from "@millrace/media";
import type { CameraHosts } from "./camera-hosts.ts";
import { openCameraProxy } from "./camera-proxy.ts";
import { openRtspRelay } from "./rtsp-relay.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** How a camera is come to: the only way that its reader is given. */
interface Way extends AsyncDisposable {
  readonly options: Partial<CaptureOptions>;
  /** Aborted, with the reason, when the camera leads to where its reader may not go. */
  readonly refused: AbortSignal;
  /** What broke between here and the camera. */
  readonly problem?: Error | undefined;
  /** What the reader says of this way, said of the camera. */
  said(message: string): string;
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "rtsps:": 322 };
const RTSP_PORT = 554;

/**
 * Reads cameras of allowed hosts only, whatever they lead to: what goes over HTTP goes through a proxy of ours, what
 * speaks RTSP through a relay. Nothing that is said of a camera holds its user, its password or what was asked of it.
 */
export function guardedCapture(capture: CaptureBackend, hosts: CameraHosts): CaptureBackend {
  return {
    ...capture,
    async open(options) {
      const url = new URL(options.url ?? "");
      const port = Number(url.port || (PORTS[url.protocol] ?? RTSP_PORT));
      // Said before anything is started.
      await hosts.resolve(url.hostname, port);
      const isHttp = url.protocol === "http:" || url.protocol === "https:";
      const way = isHttp
        ? await byHttp(options, url.protocol === "https:", hosts)
        : await byRtsp(url, port, hosts);
      try {
        const signals = [way.refused, ...(options.signal ? [options.signal] : [])];
        const signal = AbortSignal.any(signals);
        return retold(await capture.open({ ...options, ...way.options, signal }), way, url);
      } catch (error) {
        await way[Symbol.asyncDispose]();
        throw toTell(error, way, url);
      }
    },
  };
}

async function byHttp(
  { protocols = [] }: CaptureOptions,
  isEncrypted: boolean,
  hosts: CameraHosts,
): Promise<Way> {
  const refusing = new AbortController();
  const proxy = await openCameraProxy(hosts, (why) => refusing.abort(why));
  return {
    refused: refusing.signal,
    options: {
      // As an option it would not reach all that ffmpeg opens, and an exception of the surroundings would go around it:
      // an empty one, too, which ffmpeg finds at the end of each name that ends with a dot.
      environment: { ...process.env, http_proxy: proxy.url, no_proxy: undefined },
      // Only a tunnel needs it, and a playlist that may name it leads anywhere.
      protocols: isEncrypted ? [...protocols, "httpproxy"] : protocols,
    },
    said: (message) => message,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function byRtsp(url: URL, port: number, hosts: CameraHosts): Promise<Way> {
  const refusing = new AbortController();
  const relay = await openRtspRelay({
    ...{ host: url.hostname, port, hosts, isEncrypted: url.protocol === "rtsps:" },
    refuse: (why) => refusing.abort(why),
  });
  const near = `127.0.0.1:${relay.port}`;
  // What is encrypted is so between the relay and the camera.
  const address = new URL(url.href.replace(/^rtsps:/, "rtsp:"));
  address.host = near;
  return {
    options: { url: address.href, protocols: ["rtsp", "rtp", "tcp"] },
    refused: refusing.signal,
    get problem() {
      return relay.problem;
    },
    said: (message) => message.replaceAll(near, url.host),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

/** A capture whose failures are told as those of the camera. */
function retold(capture: Capture, way: Way, url: URL): Capture {
  async function* frames(): AsyncGenerator<VideoFrame, void, undefined> {
    try {
      yield* capture.frames;
    } catch (error) {
      throw toTell(error, way, url);
    }
  }
  const close = async (): Promise<void> => {
    await capture.close();
    await way[Symbol.asyncDispose]();
  };
  return {
    frames: { [Symbol.asyncIterator]: frames },
    get framesDropped() {
      return capture.framesDropped;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toTell(error: unknown, { refused, problem, said }: Way, url: URL): unknown {
  if (refused.aborted) return refused.reason;
  if (!MillraceError.is(error)) return error;
  const more = problem === undefined ? "" : `\n${problem.message}`;
  const message = withoutSecrets(said(error.message) + more, url);
  return new MillraceError(error.code, message, { retryable: error.retryable });
}
