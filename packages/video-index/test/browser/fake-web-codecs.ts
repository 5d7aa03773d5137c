import type {
  WebCodecsLibrary,
  WebDecoderConfig,
  WebVideoFrame,
} from "../../src/browser/web-codecs-library.ts";

interface FakeChunk {
  readonly type: "key" | "delta";
  readonly timestamp: number;
  readonly data: Uint8Array;
}

/** What chunks do to a {@link fakeWebCodecs} decoder, by their first byte. */
export const FakeByte = { picture: 0, undecodable: 1, quota: 2 } as const;

/** WebCodecs as the specification has it, in memory: the pictures are made up, the order of events is not. */
export interface FakeWebCodecs extends WebCodecsLibrary {
  /** Frames that nobody closed. */
  readonly openFrames: () => number;
  readonly openDecoders: () => number;
  readonly configured: readonly WebDecoderConfig[];
}

/** @param supports - which configurations the browser takes */
export function fakeWebCodecs(
  supports: (config: WebDecoderConfig) => boolean = () => true,
): FakeWebCodecs {
  let frames = 0;
  let decoders = 0;
  const configured: WebDecoderConfig[] = [];

  class FakeFrame implements WebVideoFrame {
    readonly format: string = "I420";
    readonly timestamp: number;
    readonly visibleRect = { x: 0, y: 0, width: 4, height: 2 };
    readonly displayWidth = 4;
    readonly displayHeight = 2;
    readonly colorSpace = { matrix: "bt709", primaries: null };
    #closed = false;
    constructor(_source: unknown, { timestamp }: { timestamp: number }) {
      this.timestamp = timestamp;
      frames += 1;
    }
    allocationSize(): number {
      return 12;
    }
    async copyTo(target: Uint8Array): Promise<void> {
      target.fill(this.timestamp);
    }
    close(): void {
      if (!this.#closed) frames -= 1;
      this.#closed = true;
    }
  }

  class FakeDecoder {
    state: "unconfigured" | "configured" | "closed" = "unconfigured";
    ondequeue: (() => void) | null = null;
    readonly #init: { output(frame: FakeFrame): void; error(error: Error): void };
    /** One picture is held back, as for reordering. */
    #held: FakeFrame[] = [];
    #queue: FakeChunk[] = [];
    #needsKey = true;
    #flushes: (() => void)[] = [];
    constructor(init: never) {
      this.#init = init;
      decoders += 1;
    }
    static async isConfigSupported(config: WebDecoderConfig) {
      return { supported: supports(config) };
    }
    get decodeQueueSize(): number {
      return this.#queue.length;
    }
    configure(config: WebDecoderConfig): void {
      configured.push(config);
      this.state = "configured";
    }
    decode(chunk: FakeChunk): void {
      if (this.state !== "configured") throw new DOMException("closed", "InvalidStateError");
      if (this.#needsKey && chunk.type !== "key") throw new DOMException("no key", "DataError");
      this.#needsKey = false;
      this.#queue.push(chunk);
      setImmediate(() => this.#work());
    }
    async flush(): Promise<void> {
      this.#needsKey = true;
      if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#flushes.push(resolve));
      if (this.state === "closed") throw new DOMException("closed", "AbortError");
      for (const frame of this.#held.splice(0)) this.#init.output(frame);
    }
    reset(): void {
      this.#drop();
      this.state = "unconfigured";
    }
    close(): void {
      if (this.state === "closed") return;
      this.#drop();
      decoders -= 1;
      this.state = "closed";
    }
    #drop(): void {
      this.#queue = [];
      for (const frame of this.#held.splice(0)) frame.close();
      for (const done of this.#flushes.splice(0)) done();
    }
    #work(): void {
      const chunk = this.#queue.shift();
      if (chunk === undefined) return;
      const [byte] = chunk.data;
      if (byte !== FakeByte.picture) {
        const name = byte === FakeByte.quota ? "QuotaExceededError" : "EncodingError";
        for (const frame of this.#held.splice(0)) this.#init.output(frame);
        this.close();
        this.#init.error(new DOMException("stopped", name));
        return;
      }
      for (const frame of this.#held.splice(0)) this.#init.output(frame);
      this.#held.push(new FakeFrame(undefined, { timestamp: chunk.timestamp }));
      this.ondequeue?.();
      if (this.#queue.length === 0) for (const done of this.#flushes.splice(0)) done();
    }
  }

  class FakeEncodedChunk {
    constructor(init: never) {
      Object.assign(this, init);
    }
  }

  return {
    VideoDecoder: FakeDecoder as never,
    EncodedVideoChunk: FakeEncodedChunk,
    VideoFrame: FakeFrame as never,
    openFrames: () => frames,
    openDecoders: () => decoders,
    configured,
  };
}
