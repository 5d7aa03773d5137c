/** A video that the server keeps. */
export interface Video {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  /** How long it took to index it. */
  readonly indexMs: number;
  readonly container: string;
  readonly codec: string;
  /** Pixels as shown. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly frameCount: number;
  readonly keyFrameCount: number;
  readonly fps: number;
  /** Seconds. */
  readonly duration: number;
  readonly startTime: number;
  readonly warnings: readonly string[];
}

/** The videos of the server, and what it can do with them. */
export interface VideoList {
  readonly videos: readonly Video[];
  readonly maxVideoBytes: number;
  readonly hasModel: boolean;
}

/** An object in a frame. */
export interface Detection {
  readonly class: string;
  readonly classId: number;
  /** 0 to 1. */
  readonly score: number;
  /** x1, y1, x2, y2 in pixels of the picture as it is shown. */
  readonly box: readonly [number, number, number, number];
}

/** What the model found in one frame. */
export interface FrameDetections {
  readonly index: number;
  readonly count: number;
  readonly detections: readonly Detection[];
  readonly inferenceMs: number;
  readonly source: "model" | "cache";
}

/** A small picture of a key frame. */
export interface Thumbnail {
  readonly index: number;
  readonly time: number;
  readonly width: number;
  readonly height: number;
  /** A `data:` address. */
  readonly image: string;
}

/** What the server says of a distribution. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
}

/** Statistics since the server started. */
export interface VideoStats {
  readonly frames: Readonly<Record<"answered" | "hits" | "misses" | "hitRate", number>>;
  readonly decodeSeconds: Distribution;
  readonly cache: Readonly<Record<"entries" | "sizeBytes" | "maxBytes", number>>;
  readonly inference: {
    readonly model: string;
    readonly device: { readonly kind: string; readonly runtime: string };
    readonly frames: number;
    readonly batches: number;
    readonly meanBatchSize: number;
    readonly batchSeconds: Distribution;
  } | null;
}

/** The picture of a frame, and what the server says of it. */
export interface FramePicture {
  readonly index: number;
  /** Seconds on the track's clock. */
  readonly time: number;
  /** How long it is shown, in seconds. */
  readonly duration: number;
  readonly key: boolean;
  readonly exactness: string;
  readonly status: string;
  /** Whether it was in the server's cache. */
  readonly hit: boolean;
  /** What the server took for it. */
  readonly serverMs: number;
  readonly bitmap: ImageBitmap;
}
