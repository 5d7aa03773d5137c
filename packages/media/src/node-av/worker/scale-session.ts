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

/** Makes a session. */
export function scaleSession(library: NodeAvLibrary, memory: FrameMemory): ScaleSession {
  const kept = new Map<string, Scaler>();

  function scaler(key: string, filter: Filter): Scaler {
    const known = kept.get(key);
    kept.delete(key);
    const found = known ?? openScaler(library, filter);
    kept.set(key, found);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_SCALERS && oldest !== undefined) {
      const gone = kept.get(oldest);
      kept.delete(oldest);
      gone?.context.freeContext();
      gone?.target.free();
    }
    return found;
  }

  /** Scales into FFmpeg's memory, which the next call of the same kind overwrites. */
  function run(
    { source, region }: ScaleRequest | TensorRequest,
    target: Pick<ScaleRequest, "width" | "height"> & {
      format: string;
      space: ScaleRequest["colorSpace"];
    },
    filter: Filter,
  ): NodeAvFrame {
    const { matrix, fullRange } = source.colorSpace;
    const { width, height, format, space } = target;
    const from = [source.format, region.width, region.height, matrix, fullRange];
    const to = [format, width, height, space.matrix, space.fullRange];
    const one = scaler([...from, ...to].join(" "), filter);
    const name = library.avGetPixFmtFromName(ffmpegFormat(source.format));
    const planes = cropped(source, region);
    const picture = library.Frame.fromVideoBuffer(planes, {
      width: region.width,
      height: region.height,
      format: name,
    });
    picture.colorSpace = matrixCode(matrix);
    picture.colorRange = rangeCode(fullRange);
    if (one.target.width === 0) {
      one.target.format = library.avGetPixFmtFromName(format);
      one.target.width = width;
      one.target.height = height;
      one.target.colorSpace = matrixCode(space.matrix);
      one.target.colorRange = rangeCode(space.fullRange);
      one.target.getBuffer();
    }
    const result = one.context.scaleFrameSync(one.target, picture);
    picture.free();
    if (result < 0) {
      throw new WorkerFailure(
        "INTERNAL",
        `node-av: swscale made no ${format} of ${width} × ${height} from ${source.format} (error ${result}).`,
      );
    }
    return one.target;
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
      const scaled = run(request, target, "bilinear");
      const copied = library.avImageCopyToBuffer(
        ...([Buffer.from(into), sizeBytes, scaled.data ?? [], scaled.linesize] as const),
        ...([scaled.format, width, height, 1] as const),
      );
      if (copied < 0) {
        throw new WorkerFailure("INTERNAL", `node-av: a picture was not copied (error ${copied}).`);
      }
      return { memory: into, sizeBytes };
    },
    native(request) {
      const { format, width, height, colorSpace, source, region } = request;
      const name = library.avGetPixFmtFromName(ffmpegFormat(format));
      if (isSame(request)) {
        const planes = cropped(source, region);
        const frame = library.Frame.fromVideoBuffer(planes, { width, height, format: name });
        return { frame, free: () => frame.free() };
      }
      const target = { format: ffmpegFormat(format), width, height, space: colorSpace };
      return { frame: run(request, target, "bilinear"), free: () => {} };
    },
    tensor(request) {
      const { box, width, height, padding, target } = request;
      const { pictureWidth, pictureHeight } = box;
      const scaled = run(
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
        const from = scaled.data?.[index];
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
