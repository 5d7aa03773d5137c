import {
  type DecodeOptions,
  type EncodedVideoChunk,
  type VideoDecoderBackend,
  type VideoFrame,
  videoFrame,
} from "@millrace/media";

/** A decoder for {@link smallAvi}, and what became of it. */
export interface NumberDecoder extends VideoDecoderBackend {
  /** Decoders that are open now, and the most that ever were. */
  readonly openNow: number;
  readonly mostOpen: number;
  readonly opened: number;
}

/** What {@link numberDecoder} may be told. */
export interface NumberDecoderOptions {
  /** Called with each call; what it throws is the decoder's failure. */
  onDecode?(numbers: readonly number[], options: DecodeOptions, decoder: number): Promise<void>;
  /** Numbers of which no frame comes. */
  readonly drops?: readonly number[];
  /** A decoder that failed is dead, as one whose worker ended. */
  readonly diesOfFailure?: boolean;
}

/** Makes frames of 4 × 4 pixels that hold the number their packet begins with. */
export function numberDecoder(options: NumberDecoderOptions = {}): NumberDecoder {
  let open = 0;
  let mostOpen = 0;
  let opened = 0;
  return {
    apiVersion: 1,
    name: "numbers",
    capabilities: { prompt: true },
    get openNow() {
      return open;
    },
    get mostOpen() {
      return mostOpen;
    },
    get opened() {
      return opened;
    },
    check: async () => {},
    async open(_, { timeBase }) {
      const own = opened++;
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      let dead = false;
      let closed = false;
      const live = (): void => {
        if (dead) throw new Error("the decoder is dead");
      };
      const close = async (): Promise<void> => {
        if (!closed) open -= 1;
        closed = true;
      };
      return {
        async decode(chunks, told = {}) {
          live();
          told.signal?.throwIfAborted();
          try {
            await options.onDecode?.(chunks.map(numberOf), told, own);
            told.signal?.throwIfAborted();
          } catch (error) {
            dead = options.diesOfFailure === true;
            throw error;
          }
          const given = chunks.filter((chunk) => options.drops?.includes(numberOf(chunk)) !== true);
          const wanted = given.filter(({ pts }) => told.keep?.includes(pts) ?? true);
          return {
            frames: wanted.map((chunk) => ({
              status: "ok" as const,
              frame: videoFrame({
                format: "I420",
                codedWidth: 4,
                codedHeight: 4,
                pts: chunk.pts,
                timeBase,
                data: new Uint8Array(24).fill(numberOf(chunk)),
              }),
            })),
            decoded: given.map(({ pts }) => pts),
            concealed: [],
          };
        },
        reset: async () => live(),
        close,
        [Symbol.asyncDispose]: close,
      };
    },
  };
}

function numberOf({ data }: EncodedVideoChunk): number {
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(0) & 0xff;
}

/** The number in a frame of a {@link numberDecoder}. */
export function numberIn(frame: VideoFrame | undefined): number | undefined {
  return frame?.data[0];
}
