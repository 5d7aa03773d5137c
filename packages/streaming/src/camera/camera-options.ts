import { MillraceError, redactUrl } from "@millrace/core";
import type { CaptureBackend, CaptureOptions } from "@millrace/media";

/** Protocols of an address that a camera may have. */
export type CameraProtocol = "http" | "https" | "rtsp" | "rtsps" | "rtmp" | "file";

/** A camera of this machine. */
export interface CameraDevice {
  /** As the system names it, such as `"/dev/video0"`. */
  readonly device: string;
  /** How it is read, such as `"v4l2"`, `"avfoundation"` or `"dshow"`. @defaultValue that of the system */
  readonly format?: string;
}

/** How {@link cameraSource} comes back to a camera that was lost. */
export interface ReconnectOptions {
  /** Wait before the first try, in milliseconds; it doubles with each. A random part of it is left out. @defaultValue 500 */
  readonly firstMs?: number;
  /** Longest wait. @defaultValue 30,000 */
  readonly mostMs?: number;
  /** Tries in a row before it is given up. @defaultValue no end */
  readonly attempts?: number;
}

/** What {@link cameraSource} may be told. */
export interface CameraSourceOptions {
  /** What reads the camera, such as `ffmpeg().capture` of `@millrace/media/ffmpeg`. */
  readonly capture: CaptureBackend;
  /** Protocols that the address may have; `"file"` must be asked for. @defaultValue `["http", "https", "rtsp", "rtsps"]` */
  readonly protocols?: readonly CameraProtocol[];
  /**
   * How the address is read, in the capture's words, such as `"mpjpeg"` or `"hls"`. @defaultValue by the address: RTSP,
   * HLS where the path ends in `.m3u8`, a file of the kind that its name says, and MJPEG for any other HTTP address
   */
  readonly format?: string;
  /** Frames a second at most; a device is asked for them. */
  readonly framerate?: number;
  /** Size in pixels, both or none: a device is asked for it, other pictures are scaled. */
  readonly width?: number;
  readonly height?: number;
  /** Whether and how to come back when the camera is lost. @defaultValue `{}` */
  readonly reconnect?: ReconnectOptions | false;
  /** A camera that gives no frame for so long is lost, milliseconds. @defaultValue 10,000 */
  readonly stallMs?: number;
}

/** A source as it is opened, and what is known of it. */
export interface CameraTarget {
  readonly open: CaptureOptions;
  /** For messages: no secrets in it. */
  readonly name: string;
  /** Whether its end is its end, as a file's is, and no loss. */
  readonly ends: boolean;
}

/** What each protocol of an address needs below it. Nothing else may be used, whatever a playlist says. */
const BELOW: Readonly<Record<CameraProtocol, readonly string[]>> = {
  http: ["http", "tcp", "crypto"],
  https: ["https", "http", "tls", "tcp", "crypto"],
  rtsp: ["rtsp", "rtp", "udp", "tcp"],
  rtsps: ["rtsps", "rtsp", "srtp", "rtp", "udp", "tls", "tcp"],
  rtmp: ["rtmp", "tcp"],
  file: ["file"],
};
const ALLOWED: readonly CameraProtocol[] = ["http", "https", "rtsp", "rtsps"];
/** Endings of paths that say what lies there. */
const KNOWN_FILES = /\.(m3u8|mp4|m4v|mov|mkv|webm|ts|flv|avi|mpg|mpeg|ogv|jpe?g)$/i;

/**
 * Says how a source is opened.
 *
 * @throws MillraceError INVALID_OPTION for an address that is none or has a protocol that is not allowed
 */
export function cameraTarget(
  source: string | URL | CameraDevice,
  options: CameraSourceOptions,
): CameraTarget {
  const { framerate, width, height, format } = options;
  const wishes = {
    ...(framerate !== undefined && { framerate }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
  };
  if (typeof source === "object" && "device" in source) {
    const how = source.format ?? format;
    const open = { device: source.device, ...(how !== undefined && { format: how }), ...wishes };
    // FFmpeg's own pictures come as fast as they are taken.
    return { open: { ...open, isPaced: how === "lavfi" }, name: source.device, ends: false };
  }
  const text = String(source);
  const allowed = options.protocols ?? ALLOWED;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = allowed.find((one) => `${one}:` === parsed?.protocol);
  if (!parsed || !protocol || !(protocol in BELOW)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `cameraSource: ${redactUrl(text)} cannot be opened; give an address that begins with ` +
        `${allowed.map((one) => `${one}://`).join(", ")}, or allow others with the option protocols.`,
    );
  }
  const isFile = protocol === "file";
  const isHttp = protocol === "http" || protocol === "https";
  const how = format ?? (isHttp && !KNOWN_FILES.test(parsed.pathname) ? "mpjpeg" : undefined);
  const isMjpeg = how === "mpjpeg";
  return {
    open: {
      url: text,
      protocols: BELOW[protocol],
      ...(how !== undefined && { format: how }),
      // MJPEG has no times of its own, and what else HTTP brings, it brings in pieces of seconds.
      isStampedOnArrival: isMjpeg,
      isPaced: isFile || (isHttp && !isMjpeg),
      ...wishes,
    },
    name: redactUrl(text),
    ends: isFile,
  };
}
