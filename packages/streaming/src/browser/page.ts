/** What is used of a 2D context. */
export interface PageContext {
  readonly canvas: { width: number; height: number };
  strokeStyle: unknown;
  fillStyle: unknown;
  lineWidth: number;
  font: string;
  /** Draws an image over all of the canvas. */
  drawImage(image: never, x: number, y: number, width: number, height: number): void;
  /** Wipes a part. */
  clearRect(x: number, y: number, width: number, height: number): void;
  /** Draws the outline of a rectangle. */
  strokeRect(x: number, y: number, width: number, height: number): void;
  /** Fills a rectangle. */
  fillRect(x: number, y: number, width: number, height: number): void;
  /** Writes text, on the line that y stands for. */
  fillText(text: string, x: number, y: number): void;
  /** How wide text would be. */
  measureText(text: string): { readonly width: number };
}

/** What is used of a canvas, in the page or outside of it. */
export interface PageCanvas {
  width: number;
  height: number;
  /** What draws on it; null where it is drawn on in another way already. */
  getContext(kind: "2d"): PageContext | null;
}

/** What is used of an `<img>`. */
export interface PageImage {
  src: string;
  /** Settles when the picture can be shown. */
  decode(): Promise<void>;
}

/** What a browser says of a frame that it shows. */
export interface PageFrameMetadata {
  /** Of its RTP packets; absent where it came otherwise. */
  readonly rtpTimestamp?: number;
  /** Seconds on the element's own time. */
  readonly mediaTime: number;
}

/** What is used of a `<video>`. */
export interface PageVideo {
  srcObject: unknown;
  muted: boolean;
  readonly videoWidth: number;
  readonly videoHeight: number;
  /** Plays; rejects where the page may not. */
  play(): Promise<void>;
  /** Calls back at the next frame that is shown. */
  requestVideoFrameCallback(callback: (nowMs: number, frame: PageFrameMetadata) => void): number;
  /** Takes a callback back. */
  cancelVideoFrameCallback(handle: number): void;
}

/** What is used of an `ImageBitmap` and a WebCodecs `VideoFrame`. */
export interface PagePicture {
  close(): void;
}

/** What is used of a WebCodecs `VideoFrame`. */
export interface PageVideoFrame extends PagePicture {
  readonly timestamp: number;
  readonly displayWidth: number;
  readonly displayHeight: number;
}

/** What is used of WebCodecs' decoders. */
export interface PageDecoder {
  readonly state: "unconfigured" | "configured" | "closed";
  readonly decodeQueueSize: number;
  configure(config: object): void;
  decode(chunk: object): void;
  close(): void;
}

/** The class of one. */
export interface PageDecoderClass<Output> {
  new (init: { output: (output: Output) => void; error: (error: unknown) => void }): PageDecoder;
  isConfigSupported(config: object): Promise<{ readonly supported?: boolean }>;
}

/** What is used of WebCodecs' `AudioData`. */
export interface PageSound extends PagePicture {
  readonly numberOfFrames: number;
  readonly numberOfChannels: number;
  readonly sampleRate: number;
  copyTo(target: Float32Array, options: { planeIndex: number; format: "f32-planar" }): void;
}

/** What is used of an `AudioBuffer`. */
export interface PageSoundBuffer {
  readonly duration: number;
  /** Samples of one channel, to be filled. */
  getChannelData(channel: number): Float32Array;
}

/** What is used of an `AudioBufferSourceNode`. */
export interface PageSoundSource {
  buffer: unknown;
  /** Says where it sounds. */
  connect(target: never): unknown;
  /** Sounds at a time of the context, in seconds. */
  start(when: number): void;
}

/** What is used of an `AudioContext`. */
export interface PageAudio {
  readonly currentTime: number;
  readonly state: string;
  readonly destination: unknown;
  /** Lets it sound, where the page may. */
  resume(): Promise<void>;
  /** Frees it. */
  close(): Promise<void>;
  /** Makes memory for samples. */
  createBuffer(channels: number, frames: number, sampleRate: number): PageSoundBuffer;
  /** Makes what sounds a buffer. */
  createBufferSource: () => PageSoundSource;
}

/** What is used of a page; all of it may be missing. */
export interface PageGlobals {
  readonly createImageBitmap?: (
    source: Blob,
  ) => Promise<PagePicture & { readonly width: number; readonly height: number }>;
  readonly VideoDecoder?: PageDecoderClass<PageVideoFrame>;
  readonly VideoFrame?: new (
    source: PageVideo,
  ) => PagePicture & { metadata?(): { readonly rtpTimestamp?: number } };
  readonly EncodedVideoChunk?: new (init: object) => object;
  readonly AudioDecoder?: PageDecoderClass<PageSound>;
  readonly EncodedAudioChunk?: new (init: object) => object;
  readonly AudioContext?: new (options: object) => PageAudio;
  readonly RTCPeerConnection?: new (config: object) => never;
  readonly addEventListener?: (event: string, listener: () => void) => void;
  readonly removeEventListener?: (event: string, listener: () => void) => void;
  readonly location?: { readonly href: string };
}

/** The page as it is now. */
export function page(): PageGlobals {
  return globalThis as unknown as PageGlobals;
}
