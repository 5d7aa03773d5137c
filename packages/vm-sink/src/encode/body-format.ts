import type { SeriesBatch, SeriesSamples } from "@millrace/core";

/** A request body being filled. */
export interface Body {
  /** The whole buffer; what is to be sent ends at `end`. */
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where the next record goes. */
  end: number;
  /** Samples inside. */
  samples: number;
}

/** One batch on its way into bodies: asked again and again until it says that it is through. */
export interface BatchCursor {
  /** Writes series into the body until it is full (false) or the batch is through (true). */
  fill(body: Body): boolean;
  /** Samples left out because a database cannot hold them: NaN and infinities. Final once through. */
  readonly dropped: number;
}

/** A content encoding that a request body can be compressed with. */
export type Compression = "zstd" | "gzip";

/** How series become request bodies. Remembers the encoded labels of each table. */
export interface BodyFormat {
  /** Short noun for reports. */
  readonly name: string;
  /** Path below the database's base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Most bytes that a body needs for `samples` samples of long series; turns `--batch-size` into bytes. */
  bytesFor(samples: number): number;
  /** An empty body around a buffer that nobody else uses. */
  start(bytes: Buffer): Body;
  /** Starts one batch. */
  cursor(batch: SeriesBatch): BatchCursor;
  /** The bytes to send. The body must not be filled any more. */
  finish(body: Body): Buffer;
  /** What a database undoes for this format, whatever its version or once a probe has shown it. */
  readonly compressions: readonly Compression[];
  /** The bytes to compress: what {@link finish} gives, without a frame of the format's own. */
  content(body: Body): Buffer;
  /** What the body says, for the rare one that was refused or whose fate is unknown. */
  read(body: Body): readonly SeriesSamples[];
}
