/** Which pixels of a frame belong to one object: a bitmap over the object's box. */
export interface InstanceMask {
  /** Coded pixel of the frame at which the bitmap begins. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** `width * height` bytes, row by row: 1 where the object is, else 0. */
  readonly data: Uint8Array;
}

/** Pixels of an object. */
export function maskArea({ data }: InstanceMask): number {
  let area = 0;
  for (const pixel of data) area += pixel;
  return area;
}
