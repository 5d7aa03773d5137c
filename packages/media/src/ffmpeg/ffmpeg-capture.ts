import { MillraceError, redactUrl } from "@millrace/core";
import type { Capture, CaptureOptions } from "../capture/capture.ts";
import type { VideoFrame } from "../video/video-frame.ts";
import { type ChildProgram, childProgram } from "./child-program.ts";
import { frameRecordReader } from "./frame-record.ts";
import { RAW_FILTERS, rawFrameReader } from "./raw-frames.ts";
import { rawVideoFrame } from "./raw-video-frame.ts";

/** Frames that wait for a receiver: what one write of ffmpeg may bring at once. */
const MOST_WAITING = 3;
/** A connection that gives nothing for so long is given up by ffmpeg itself, should nobody else do it. */
const SILENCE_US = 30_000_000;
/** Names of cameras' formats, by system. */
const DEVICE_FORMATS: Readonly<Record<string, string>> = {
  linux: "v4l2",
  darwin: "avfoundation",
  win32: "dshow",
};

/** Programs that run, ended when this process ends in order. One that is killed leaves them a closed pipe. */
const running = new Set<ChildProgram>();
function endAll(): void {
  for (const program of running) program.kill();
}

/** Starts ffmpeg on a source. */
export function ffmpegCapture(path: string, options: CaptureOptions): Capture {
  const { signal } = options;
  signal?.throwIfAborted();
  const waiting: VideoFrame[] = [];
  let framesDropped = 0;
  let isClosed = false;
  let wake: (() => void) | undefined;
  const change = (): void => {
    wake?.();
    wake = undefined;
  };
  const records = frameRecordReader();
  const program = childProgram(
    path,
    captureCommand(options),
    (line) => {
      const record = records.line(line);
      if (record) reader.expect(record);
    },
    options.environment,
  );
  if (running.size === 0) process.on("exit", endAll);
  running.add(program);
  const reader = rawFrameReader(
    program.stdout,
    () => !isClosed,
    (raw) => {
      // A frame may have begun before the source was left.
      if (isClosed) return;
      waiting.push(rawVideoFrame(raw, raw.record.pts, raw.record.timeBase));
      if (waiting.length > MOST_WAITING) {
        waiting.shift()?.close();
        framesDropped++;
      }
      change();
    },
  );
  const ended = program.ended.finally(() => {
    running.delete(program);
    if (running.size === 0) process.off("exit", endAll);
  });
  let end: { readonly status: number | null; readonly error?: unknown } | undefined;
  ended.then(
    ({ status }) => {
      end = { status };
      change();
    },
    (error: unknown) => {
      end = { status: null, error };
      change();
    },
  );
  const leave = (): void => {
    isClosed = true;
    for (const frame of waiting.splice(0)) frame.close();
    program.kill();
    change();
  };
  signal?.addEventListener("abort", leave, { once: true });
  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", leave);
    leave();
    await ended.catch(() => {});
  };

  async function* frames(): AsyncGenerator<VideoFrame, void, undefined> {
    try {
      for (;;) {
        signal?.throwIfAborted();
        const frame = waiting.shift();
        if (frame) yield frame;
        else if (isClosed) return;
        else if (!end) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (end.error !== undefined) throw end.error;
        else if (end.status === 0) return;
        else throw broken(end.status, program.complaints(), options);
      }
    } finally {
      await close();
    }
  }
  return {
    frames: { [Symbol.asyncIterator]: frames },
    get framesDropped() {
      return framesDropped;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Refuses what cannot be opened, before anything is started. */
export function checkCapture(options: CaptureOptions): void {
  const { url, device, width, height, framerate } = options;
  const name = url ?? device;
  if (name === undefined || (url !== undefined && device !== undefined)) {
    throw invalid("give a url or a device, and not both");
  }
  if (name === "" || name.includes("\0")) throw invalid(`${JSON.stringify(name)} is no source`);
  if ((width === undefined) !== (height === undefined)) {
    throw invalid("give width and height, or neither");
  }
  for (const [what, value] of Object.entries({ width, height, framerate })) {
    if (value === undefined || (value > 0 && value < 65_536)) continue;
    throw invalid(`${what} is ${value}; give a number above 0`);
  }
}

function invalid(why: string): MillraceError {
  return new MillraceError("INVALID_OPTION", `ffmpeg: ${why}.`);
}

/** The arguments that read a source and write raw frames. */
export function captureCommand(options: CaptureOptions): string[] {
  const { url, device, framerate, width, height, isPaced = false } = options;
  const size = width === undefined ? [] : [`${width}x${height}`];
  const format =
    options.format ?? (device === undefined ? undefined : DEVICE_FORMATS[process.platform]);
  const isCamera = device !== undefined && format !== "lavfi";
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(url ?? "")?.[1]?.toLowerCase();
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"],
    ...(url === undefined ? [] : ["-protocol_whitelist", (options.protocols ?? []).join(",")]),
    ...(format === undefined ? [] : ["-f", format]),
    ...(isPaced ? ["-re"] : ["-fflags", "nobuffer", "-flags", "low_delay"]),
    // Enough to know a picture's size; the default waits for five seconds of video.
    ...(isPaced ? [] : ["-analyzeduration", "500000"]),
    ...(options.isStampedOnArrival ? ["-use_wallclock_as_timestamps", "1"] : []),
    ...(isCamera && framerate !== undefined ? ["-framerate", String(framerate)] : []),
    ...(isCamera ? size.flatMap((value) => ["-video_size", value]) : []),
    ...(scheme?.startsWith("rtsp")
      ? ["-rtsp_transport", "tcp", "-timeout", String(SILENCE_US)]
      : scheme?.startsWith("http")
        ? ["-rw_timeout", String(SILENCE_US)]
        : []),
    ...["-copyts", "-i", url ?? device ?? "", "-map", "0:v:0", "-an", "-sn", "-dn"],
    ...["-vf", [...size.map((value) => `scale=${value.replace("x", ":")}`), ...RAW_FILTERS].join()],
    ...["-fps_mode", "passthrough", "-autoscale", "0"],
    ...["-c:v", "rawvideo", "-f", "rawvideo", "-flush_packets", "1", "pipe:1"],
  ];
}

/** What ffmpeg said, without what is secret in the address. */
function broken(
  status: number | null,
  complaints: string,
  { url, device }: CaptureOptions,
): MillraceError {
  const name = url === undefined ? device : redactUrl(url);
  const plain = url === undefined ? complaints : complaints.replaceAll(url, redactUrl(url));
  const said = plain.replaceAll(/[a-z][a-z\d+.-]*:\/\/[^\s'",]+/gi, (one) => redactUrl(one));
  return new MillraceError(
    "REMOTE_FAILED",
    `ffmpeg: ${name} cannot be read (status ${status ?? "of a signal"}). It said:\n${said}`,
    { retryable: true },
  );
}
