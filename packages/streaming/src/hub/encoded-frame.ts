/** A frame as it goes out, encoded once for all who watch its rendition. To be read only. */
export interface EncodedFrame {
  /**
   * Number of the frame in its hub, from 0: each frame that the source gives counts, so that what is missing between
   * two numbers was dropped. Equal in all renditions.
   */
  readonly sequence: number;
  /** Of the stream, in microseconds. */
  readonly timestamp: number;
  /** When the hub was given the frame, in milliseconds of Unix time with fractions: what ages are reckoned from. */
  readonly capturedAtMs: number;
  /** Whether decoding may begin here; true of every JPEG. */
  readonly isKey: boolean;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Sound as it goes out. To be read only. */
export interface EncodedSound {
  /** Of the stream, in microseconds. The first ones may lie below 0. */
  readonly timestamp: number;
  /** Microseconds. */
  readonly duration: number;
  /** When the hub was given the last of its samples, in milliseconds of Unix time. */
  readonly capturedAtMs: number;
  readonly data: Uint8Array;
}
