import { abortable, MillraceError } from "@millrace/core/web";
import type {
  DecodedFrame,
  DecodeOptions,
  DecodeResult,
  EncodedVideoChunk,
  Rational,
  VideoDecoder,
} from "@millrace/media";
import { browserFrame } from "./browser-frame.ts";
import { ownCopy } from "./own-copy.ts";
import type {
  WebCodecsLibrary,
  WebDecoderConfig,
  WebVideoDecoder,
  WebVideoFrame,
} from "./web-codecs-library.ts";

/** Chunks that may wait inside the browser; more are fed when some are done. */
const MOST_QUEUED = 16;
/** What WebCodecs calls bytes that it cannot decode. All else is trouble of the browser's own. */
const BAD_BYTES: ReadonlySet<string> = new Set(["EncodingError", "DataError"]);

/**
 * One stream decoded by WebCodecs. The chunks' pts go in as timestamps, and come back as they are.
 *
 * @param timeBase - what the pts count
 */
export function webCodecsStream(
  library: WebCodecsLibrary,
  config: WebDecoderConfig,
  timeBase: Rational,
): VideoDecoder {
  const copies = config.hardwareAcceleration !== "prefer-software";
  let native: WebVideoDecoder | undefined;
  /** A decoder that was not fed, or flushed, takes nothing but a key chunk. */
  let needsKey = true;
  let trouble: unknown;
  /** Decoders that ended by themselves. */
  let failures = 0;
  let wanted = new Set<number>();
  let out: { readonly at: number; readonly frame: WebVideoFrame | undefined }[] = [];
  /** Wakes who waits for the queue to become shorter. */
  let wake = (): void => {};
  let last: Promise<unknown> = Promise.resolve();
  /** Raised when all that was fed is given up. */
  let generation = 0;
  let closed = false;

  const dropOutput = (): void => {
    for (const { frame } of out) frame?.close();
    out = [];
    wanted = new Set();
  };

  const open = (): WebVideoDecoder => {
    if (native !== undefined) return native;
    const made = new library.VideoDecoder({
      output(frame: WebVideoFrame) {
        const keeps = native === made && wanted.delete(frame.timestamp);
        if (native === made) out.push({ at: frame.timestamp, frame: keeps ? frame : undefined });
        if (!keeps) frame.close();
      },
      error(error) {
        if (native !== made) return;
        native = undefined;
        needsKey = true;
        failures += 1;
        if (!BAD_BYTES.has(error.name)) trouble = error;
        wake();
      },
    });
    made.ondequeue = () => wake();
    made.configure(config);
    native = made;
    return made;
  };

  const forget = (): void => {
    // Closed and not reset: what it has under way must not come out between the frames of the next.
    const old = native;
    native = undefined;
    generation += 1;
    if (old !== undefined && old.state !== "closed") old.close();
    needsKey = true;
    dropOutput();
    wake();
  };

  const feed = (chunk: EncodedVideoChunk): void => {
    if (needsKey && chunk.type !== "key") return;
    const { type, pts, data } = chunk;
    try {
      open().decode(
        new library.EncodedVideoChunk({ type, timestamp: pts, data } as never) as never,
      );
      needsKey = false;
    } catch (error) {
      // It says at once that a chunk is no key chunk; the next one may be.
      if (!isBadBytes(error)) throw error;
    }
  };

  const room = async (): Promise<void> => {
    while (native !== undefined && native.decodeQueueSize > MOST_QUEUED) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  const flush = async (): Promise<void> => {
    // Its failure has been told to `error` already.
    if (!needsKey) await native?.flush().catch(() => {});
    needsKey = true;
  };

  const collect = async (): Promise<DecodeResult> => {
    const came = out.sort((a, b) => a.at - b.at);
    out = [];
    const frames: DecodedFrame[] = [];
    for (const { at, frame } of came) {
      if (frame === undefined) continue;
      const kept = copies ? await ownCopy(library, frame) : frame;
      frames.push({ frame: browserFrame(kept, { pts: at, timeBase }), status: "ok" });
    }
    return { frames, decoded: came.map(({ at }) => at), concealed: [] };
  };

  /** What went down with a decoder and can be fed to another: from a key packet on of which nothing has come out. */
  const behindFailure = (fed: readonly EncodedVideoChunk[]): readonly EncodedVideoChunk[] => {
    const came = new Set(out.map(({ at }) => at));
    let lastOut = 0;
    for (const [at, { pts }] of fed.entries()) if (came.has(pts)) lastOut = at;
    const next = fed.findIndex(({ type }, at) => at > lastOut && type === "key");
    return next < 0 ? [] : fed.slice(next);
  };

  const decode = async (
    chunks: readonly EncodedVideoChunk[],
    { keep, end = false }: DecodeOptions,
  ): Promise<DecodeResult> => {
    for (const pts of keep ?? chunks.map((chunk) => chunk.pts)) wanted.add(pts);
    const mine = generation;
    for (let rest = chunks; rest.length > 0; ) {
      const before = failures;
      for (const chunk of rest) {
        feed(chunk);
        await room();
        // Aborted or closed meanwhile: nobody waits for the rest.
        if (generation !== mine) return { frames: [], decoded: [], concealed: [] };
      }
      if (end) await flush();
      rest = failures === before || trouble !== undefined ? [] : behindFailure(rest);
    }
    if (end) await flush();
    if (trouble !== undefined) {
      const cause = trouble;
      trouble = undefined;
      forget();
      throw new MillraceError("INTERNAL", `The browser gave up decoding ${config.codec}.`, {
        cause,
        retryable: true,
      });
    }
    const result = await collect();
    if (end) wanted = new Set();
    return result;
  };

  /** Calls come one after another, whether or not the one before came to its end. */
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const mine = last.then(call, call);
    last = mine;
    return mine;
  };

  return {
    decode: (chunks, options = {}) =>
      inTurn(async () => {
        const { signal } = options;
        if (closed) throw new MillraceError("CLOSED", "The decoder is closed; open another.");
        signal?.throwIfAborted();
        const decoding = decode(chunks, options);
        if (signal === undefined) return await decoding;
        try {
          return await abortable(decoding, signal);
        } catch (error) {
          forget();
          // What it still gives is nobody's.
          const late = await decoding.catch(() => undefined);
          for (const { frame } of late?.frames ?? []) frame.close();
          throw error;
        }
      }),
    reset: () =>
      inTurn(async () => {
        if (!needsKey) forget();
        dropOutput();
      }),
    async close() {
      closed = true;
      forget();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      forget();
    },
  };
}

function isBadBytes(error: unknown): boolean {
  return error instanceof Error && BAD_BYTES.has(error.name);
}
