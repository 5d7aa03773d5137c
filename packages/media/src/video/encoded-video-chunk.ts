/** One packet of a video stream: WebCodecs' `EncodedVideoChunk`, with exact times. */
export interface EncodedVideoChunk {
  /** Whether decoding may begin here. */
  readonly type: "key" | "delta";
  /** Microseconds, rounded. */
  readonly timestamp: number;
  /** Microseconds, rounded; null where nothing says. */
  readonly duration: number | null;
  /** When it is shown, in ticks of its stream. */
  readonly pts: number;
  /** When it is decoded, in the same ticks. */
  readonly dts: number;
  /** The packet, to be read only. */
  readonly data: Uint8Array;
}
