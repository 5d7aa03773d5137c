/**
 * How the pixels of a {@link VideoFrame} lie in memory: WebCodecs' `VideoPixelFormat`, and `RGB`, which it lacks
 * and which image libraries want (8 bits each, packed, three bytes a pixel).
 *
 * `I…` formats are planar Y, U, V; `P10` and `P12` have two bytes a sample, little-endian, in the low bits.
 */
export type VideoPixelFormat =
  | "I420"
  | "I422"
  | "I444"
  | "I420P10"
  | "I422P10"
  | "I444P10"
  | "I420P12"
  | "I422P12"
  | "I444P12"
  | "NV12"
  | "RGB"
  | "RGBA"
  | "BGRA";

/** Where a plane lies in a frame's memory. */
export interface PlaneLayout {
  /** Bytes from the start of the memory. */
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Bytes of a row that are pixels; the rest up to `stride` is padding. */
  readonly rowBytes: number;
  readonly rows: number;
}

interface FormatShape {
  /** Bytes a sample. */
  readonly depth: 1 | 2;
  /** Samples a pixel of each plane, and by how much the plane is smaller across and down. */
  readonly planes: readonly {
    readonly samples: number;
    readonly across: 1 | 2;
    readonly down: 1 | 2;
  }[];
}

const full = { samples: 1, across: 1, down: 1 } as const;
const planar = (depth: 1 | 2, across: 1 | 2, down: 1 | 2): FormatShape => ({
  depth,
  planes: [full, { samples: 1, across, down }, { samples: 1, across, down }],
});
const packed = (samples: number): FormatShape => ({
  depth: 1,
  planes: [{ samples, across: 1, down: 1 }],
});

const SHAPES: Readonly<Record<VideoPixelFormat, FormatShape>> = {
  I420: planar(1, 2, 2),
  I422: planar(1, 2, 1),
  I444: planar(1, 1, 1),
  I420P10: planar(2, 2, 2),
  I422P10: planar(2, 2, 1),
  I444P10: planar(2, 1, 1),
  I420P12: planar(2, 2, 2),
  I422P12: planar(2, 2, 1),
  I444P12: planar(2, 1, 1),
  NV12: { depth: 1, planes: [full, { samples: 2, across: 2, down: 2 }] },
  RGB: packed(3),
  RGBA: packed(4),
  BGRA: packed(4),
};

/** Every {@link VideoPixelFormat}. */
export const PIXEL_FORMATS: readonly VideoPixelFormat[] = Object.keys(SHAPES) as VideoPixelFormat[];

/** By how much a format's chroma is smaller than its luma, across and down; 1 for RGB. */
export function chromaSubsampling(format: VideoPixelFormat): {
  readonly across: 1 | 2;
  readonly down: 1 | 2;
} {
  return SHAPES[format].planes[1] ?? full;
}

/** Bits of each sample of a format. */
export function sampleBits(format: VideoPixelFormat): 8 | 10 | 12 {
  return format.endsWith("P10") ? 10 : format.endsWith("P12") ? 12 : 8;
}

/** Whether a format is red, green and blue. */
export function isRgb(format: VideoPixelFormat): format is "RGB" | "RGBA" | "BGRA" {
  return SHAPES[format].planes.length === 1;
}

/** Where the planes of a frame without padding lie, one after another. Odd sizes round up, as in FFmpeg. */
export function planeLayouts(
  format: VideoPixelFormat,
  width: number,
  height: number,
): readonly PlaneLayout[] {
  const { depth, planes } = SHAPES[format];
  let offset = 0;
  return planes.map(({ samples, across, down }) => {
    const rowBytes = Math.ceil(width / across) * samples * depth;
    const rows = Math.ceil(height / down);
    const layout = { offset, stride: rowBytes, rowBytes, rows };
    offset += rowBytes * rows;
    return layout;
  });
}

/**
 * Where the planes of a part of a frame lie in the memory of the frame.
 *
 * @param layout - of the frame
 * @param corner - in pixels, with chroma of its own
 */
export function regionLayouts(
  format: VideoPixelFormat,
  layout: readonly PlaneLayout[],
  corner: { readonly x: number; readonly y: number },
  width: number,
  height: number,
): readonly PlaneLayout[] {
  const { depth, planes } = SHAPES[format];
  const tight = planeLayouts(format, width, height);
  return layout.map(({ offset, stride }, index) => {
    const { samples, across, down } = planes[index] ?? full;
    const { rowBytes = 0, rows = 0 } = tight[index] ?? {};
    const before = (corner.y / down) * stride + (corner.x / across) * samples * depth;
    return { offset: offset + before, stride, rowBytes, rows };
  });
}

/** Copies planes into memory without padding, such as {@link frameBytes} measures. */
export function packPlanes(
  data: Uint8Array,
  layout: readonly PlaneLayout[],
  target: Uint8Array,
): void {
  let at = 0;
  for (const { offset, stride, rowBytes, rows } of layout) {
    if (stride === rowBytes) {
      target.set(data.subarray(offset, offset + rowBytes * rows), at);
      at += rowBytes * rows;
      continue;
    }
    for (let row = 0; row < rows; row++, at += rowBytes) {
      const from = offset + row * stride;
      target.set(data.subarray(from, from + rowBytes), at);
    }
  }
}

/** Bytes of a frame without padding. */
export function frameBytes(format: VideoPixelFormat, width: number, height: number): number {
  return planeLayouts(format, width, height).reduce(
    (sum, { rowBytes, rows }) => sum + rowBytes * rows,
    0,
  );
}
