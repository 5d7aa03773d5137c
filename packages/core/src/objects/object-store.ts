/** An object, as a listing or its head describes it. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes with the contents. */
  readonly etag: string | undefined;
  /** When it was put, in ms since 1970; undefined where the store does not tell. */
  readonly modifiedMs?: number | undefined;
}

/**
 * Objects under keys: bytes that are put whole, read whole or in part, and never changed.
 *
 * A key is a text of 1 to 1,024 bytes of UTF-8; `/` in it means nothing but a shared prefix. Experimental: it may
 * change before 1.0.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly apiVersion: 1;
  /** Name for messages. */
  readonly name: string;
  readonly capabilities: ObjectStoreCapabilities;
  /**
   * Keeps an object, in place of one that had its key. `body` is pulled as fast as the store takes it, and may be
   * of any length. Nothing of it can be seen before it is complete and would survive a crash; when the body throws
   * or the signal aborts, everything is as before.
   */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<StoredObject>;
  /**
   * The bytes of an object, or of a range of it, pulled as they are needed. Opened with the first pull: that is
   * when a missing object is told.
   *
   * @throws MillraceError NOT_FOUND when there is none; CORRUPT_INPUT when it is not, or no longer, the one with
   * `etag`
   */
  get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;
  /** @throws MillraceError NOT_FOUND when there is none */
  head(key: string, options?: CallOptions): Promise<StoredObject>;
  /** Objects in pages, in the order of the bytes of their keys. */
  list(query?: ObjectQuery): Promise<ObjectPage>;
  /** Deletes an object; one that is not there is no error. */
  delete(key: string, options?: CallOptions): Promise<void>;
  /** A URL that lets its holder do one thing for a while; only where the capabilities say so. */
  presign?(key: string, options: PresignOptions): Promise<string>;
}

/** What a store can do. */
export interface ObjectStoreCapabilities {
  /** {@link ObjectStore.presign} is there. */
  readonly presign: boolean;
}

/** Bytes to put; each piece is used before the next one is pulled. */
export type ObjectBody = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Options of every call. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of {@link ObjectStore.put}. */
export interface PutOptions extends CallOptions {
  /** Length of the body, when it is known: another one is refused (`CORRUPT_INPUT`), and a store may plan for it. */
  readonly sizeBytes?: number;
  /** For stores that keep one, such as S3. */
  readonly contentType?: string;
}

/** Options of {@link ObjectStore.get}. */
export interface GetOptions extends CallOptions {
  /** First byte, counted from 0; behind the end there is nothing, and that is no error. @defaultValue 0 */
  readonly offset?: number;
  /** Most bytes to read. @defaultValue up to the end */
  readonly length?: number;
  /** Refuses the read when the object has another one by now. */
  readonly etag?: string;
}

/** Which objects to list. */
export interface ObjectQuery extends CallOptions {
  /** Only keys that begin with it. @defaultValue all */
  readonly prefix?: string;
  /** Only keys behind this one: `next` of the page before. */
  readonly after?: string;
  /** Most objects of a page, 1 to 1000. @defaultValue 1000 */
  readonly limit?: number;
}

/** Some objects, in the order of the bytes of their keys. */
export interface ObjectPage {
  readonly objects: readonly StoredObject[];
  /** `after` of the next page; undefined when this was the last one. */
  readonly next: string | undefined;
}

/** Options of {@link ObjectStore.presign}. */
export interface PresignOptions extends CallOptions {
  /** What the holder may do with it. */
  readonly method: "GET" | "PUT";
  /** How long it holds, 1,000 to 604,800,000 (a week). */
  readonly expiresMs: number;
}
