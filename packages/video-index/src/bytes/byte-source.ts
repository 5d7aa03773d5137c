/** A video's bytes, wherever they are. Reads may overlap. */
export interface ByteSource extends AsyncDisposable {
  /** For messages; without credentials. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Reads a part; shorter than asked only at the end of the source, where it may be empty.
   *
   * The result is the caller's.
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array>;
  /** Lets go of what it holds open; reads after it fail. */
  close(): Promise<void>;
}

/** What {@link ByteSource.read} may be told. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
}
