import { ffmpegFormat, matrixCode, rangeCode } from "../../video/ffmpeg-format.ts";
import type { Region } from "../../video/frame-scaler.ts";
import { padAround } from "../../video/letterbox.ts";
import { frameBytes, packPlanes, planeLayouts, regionLayouts } from "../../video/pixel-format.ts";
import type { NodeAvFrame, NodeAvLibrary, NodeAvScaleContext } from "../node-av-library.ts";
import type { Answers, ScaleRequest, TensorRequest, WireSource } from "../protocol.ts";
import type { FrameMemory } from "./frame-memory.ts";
import { WorkerFailure } from "./worker-failure.ts";

/** Scaling in a worker, with what it has set up before. */
export interface ScaleSession {
  /** Another picture in memory of its own. */
  scale(request: ScaleRequest): Answers["scale"];
  /** The picture in FFmpeg's memory; `free` is called when it was used, before the next call. */
  native(request: ScaleRequest): { readonly frame: NodeAvFrame; free(): void };
  /** A model's input. */
  tensor(request: TensorRequest): Answers["tensor"];
}

/** Tables for so many kinds of picture are kept: a stream needs one or two. */
const KEPT_SCALERS = 8;
/** Frames of FFmpeg's for so many kinds of source. */
const KEPT_SOURCES = 2;

/** Makes a session. */
export function scaleSession(library: NodeAvLibrary, memory: FrameMemory): ScaleSession {
  const scalers = newest<Scaler>(KEPT_SCALERS, ({ context, target }) => {
    context.freeContext();
    target.free();
  });
  const sources = newest<NodeAvFrame>(KEPT_SOURCES, (frame) => frame.free());

  /** What a frame of FFmpeg's points at meanwhile, which knows nothing of the collector. */
  let lent: Buffer | undefined;

  /** The region as a frame of FFmpeg's, which points at `lent`. */
  function sourceOf(source: WireSource, region: Region): NodeAvFrame {
    const { width, height } = region;
    const frame = sources([source.format, width, height].join(" "), () => {
      const made = new library.Frame();
      made.alloc();
      made.format = library.avGetPixFmtFromName(ffmpegFormat(source.format));
      made.width = width;
      made.height = height;
      const result = made.getBuffer();
      if (result >= 0) return made;
      made.free();
      throw notCopied(result);
    });
    lent = cropped(source, region);
    const result = frame.fromBuffer(lent);
    if (result < 0) throw notCopied(result);
    frame.colorSpace = matrixCode(source.colorSpace.matrix);
    frame.colorRange = rangeCode(source.colorSpace.fullRange);
    return frame;
  }

  /** Scales into FFmpeg's memory, which the next call of the same kind overwrites. */
  function run(
    { source, region }: ScaleRequest | TensorRequest,
    target: Pick<ScaleRequest, "width" | "height"> & {
      format: string;
      space: ScaleRequest["colorSpace"];
    },
    filter: Filter,
  ): Scaler {
    const { matrix, fullRange } = source.colorSpace;
    const { width, height, format, space } = target;
    const from = [source.format, region.width, region.height, matrix, fullRange];
    const to = [format, width, height, space.matrix, space.fullRange];
    const one = scalers([...from, ...to].join(" "), () => openScaler(library, filter));
    if (one.target.width === 0) {
      one.target.format = library.avGetPixFmtFromName(format);
      one.target.width = width;
      one.target.height = height;
      one.target.colorSpace = matrixCode(space.matrix);
      one.target.colorRange = rangeCode(space.fullRange);
      one.target.getBuffer();
    }
    const result = one.context.scaleFrameSync(one.target, sourceOf(source, region));
    lent = undefined;
    if (result < 0) {
      throw new WorkerFailure(
        "INTERNAL",
        `node-av: swscale made no ${format} of ${width} × ${height} from ${source.format} (error ${result}).`,
      );
    }
    one.planes ??= one.target.data ?? [];
    return one;
  }

  return {
    scale(request) {
      const { format, width, height, colorSpace, source, region } = request;
      const sizeBytes = frameBytes(format, width, height);
      const into = memory.take(sizeBytes);
      // swscale would leave out the last row of chroma of an odd height.
      if (isSame(request)) {
        new Uint8Array(into).set(cropped(source, region).subarray(0, sizeBytes));
        return { memory: into, sizeBytes };
      }
      const target = { format: ffmpegFormat(format), width, height, space: colorSpace };
      const { target: scaled, planes = [] } = run(request, target, "bilinear");
      const copied = library.avImageCopyToBuffer(
        ...([Buffer.from(into), sizeBytes, planes, scaled.linesize] as const),
        ...([scaled.format, width, height, 1] as const),
      );
      if (copied < 0) throw notCopied(copied);
      return { memory: into, sizeBytes };
    },
    native(request) {
      const { format, width, height, colorSpace, source, region } = request;
      const name = library.avGetPixFmtFromName(ffmpegFormat(format));
      if (isSame(request)) {
        let held: Buffer | undefined = cropped(source, region);
        const frame = library.Frame.fromVideoBuffer(held, { width, height, format: name });
        const free = (): void => {
          frame.free();
          held = undefined;
        };
        return { frame, free };
      }
      const target = { format: ffmpegFormat(format), width, height, space: colorSpace };
      return { frame: run(request, target, "bilinear").target, free: () => {} };
    },
    tensor(request) {
      const { box, width, height, padding, target } = request;
      const { pictureWidth, pictureHeight } = box;
      const { target: scaled, planes = [] } = run(
        request,
        {
          format: "gbrpf32le",
          width: pictureWidth,
          height: pictureHeight,
          space: { matrix: "rgb", fullRange: true },
        },
        "fast_bilinear+full_chroma_inp",
      );
      const into = target ?? new Float32Array(3 * width * height);
      const options = { width, height, ...(padding !== undefined && { padding }) };
      padAround(box, options, into);
      const oneFloat = library.avGetPixFmtFromName("grayf32le");
      const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
      // FFmpeg's order is green, blue, red.
      [1, 2, 0].forEach((plane, index) => {
        const at = plane * width * height + box.top * width + box.left;
        const from = planes[index];
        if (!from) throw new WorkerFailure("INTERNAL", "node-av: a picture has no planes.");
        library.avImageCopy2(
          ...([[bytes.subarray(at * 4)], [width * 4]] as const),
          ...([[from], [scaled.linesize[index] ?? 0]] as const),
          ...([oneFloat, pictureWidth, pictureHeight] as const),
        );
      });
      return target ? null : into;
    },
  };
}

/** Keeps what was used last, by a key, and lets go of the oldest. */
function newest<T>(most: number, letGo: (value: T) => void): (key: string, make: () => T) => T {
  const kept = new Map<string, T>();
  return (key, make) => {
    const value = kept.get(key) ?? make();
    kept.delete(key);
    kept.set(key, value);
    for (const [oldest, gone] of kept) {
      if (kept.size <= most) break;
      kept.delete(oldest);
      letGo(gone);
    }
    return value;
  };
}

function notCopied(error: number): WorkerFailure {
  return new WorkerFailure("INTERNAL", `node-av: a picture was not copied (error ${error}).`);
}

/** The planes of a region without padding. node-av's own `avImageCrop` goes by bytes where samples have two. */
function cropped({ data, format, ...frame }: WireSource, region: Region): Buffer {
  const { width, height } = region;
  if (width === frame.width && height === frame.height) {
    return Buffer.from(data.buffer, data.byteOffset, data.length);
  }
  const part = Buffer.allocUnsafeSlow(frameBytes(format, width, height));
  const layout = planeLayouts(format, frame.width, frame.height);
  packPlanes(data, regionLayouts(format, layout, region, width, height), part);
  return part;
}

/** Whether the result is the region as it is. */
function isSame({ source, region, format, width, height, colorSpace }: ScaleRequest): boolean {
  const { matrix, fullRange } = source.colorSpace;
  return (
    source.format === format &&
    region.width === width &&
    region.height === height &&
    colorSpace.matrix === matrix &&
    colorSpace.fullRange === fullRange
  );
}

interface Scaler {
  readonly context: NodeAvScaleContext;
  readonly target: NodeAvFrame;
  /** Of the target, which stay where they are. Each new view of them would be counted as memory of V8's own. */
  planes?: Buffer[];
}

/**
 * swscale's words: `bilinear` weighs all pixels that one of a smaller picture covers. `fast_bilinear`, where the result
 * is wider than 14 bits, takes the nearest two each way and so is OpenCV's INTER_LINEAR: at most 0.006 apart over four
 * sizes of noise (with fewer bits it is a pixel off, across). Without `full_chroma_inp` it would leave out every second
 * colour of RGB.
 */
type Filter = "bilinear" | "fast_bilinear+full_chroma_inp";

function openScaler(library: NodeAvLibrary, filter: Filter): Scaler {
  const context = new library.SoftwareScaleContext();
  const target = new library.Frame();
  context.allocContext();
  context.setOption("sws_flags", filter);
  target.alloc();
  return { context, target };
}
