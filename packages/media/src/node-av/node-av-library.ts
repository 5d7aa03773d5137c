/** A fraction, as the library takes and gives it. */
export interface NodeAvRational {
  readonly num: number;
  readonly den: number;
}

/** An encoded packet in FFmpeg's memory. */
export interface NodeAvPacket {
  pts: bigint;
  dts: bigint;
  duration: bigint;
  isKeyframe: boolean;
  /** A view on read; a copy on write. */
  data: Buffer | null;
  alloc(): void;
  unref(): void;
  free(): void;
}

/** A picture in FFmpeg's memory. */
export interface NodeAvFrame {
  format: number;
  width: number;
  height: number;
  pts: bigint;
  readonly bestEffortTimestamp: bigint;
  /** What an encoder is asked to make of it; 1 is a key frame. */
  pictType: number;
  readonly duration: bigint;
  readonly sampleAspectRatio: NodeAvRational;
  colorRange: number;
  colorPrimaries: number;
  colorTrc: number;
  colorSpace: number;
  readonly flags: number;
  readonly decodeErrorFlags: number;
  /** Views that are stale after `unref`. */
  readonly data: Buffer[] | null;
  readonly linesize: number[];
  alloc(): void;
  unref(): void;
  free(): void;
  /** Memory for its format and size; negative on failure. */
  getBuffer(align?: number): number;
  /**
   * Points it at planes without padding, which stay the caller's to keep from the collector, in the place of memory that it
   * must have; negative on failure.
   */
  fromBuffer(planes: Buffer): number;
}

/** What a decoder is told about its stream. */
export interface NodeAvCodecParameters {
  codecType: number;
  codecId: number;
  codecTag: number | string;
  extradata: Buffer | null;
  width: number;
  height: number;
  videoDelay: number;
  alloc(): void;
  free(): void;
}

/** A decoder or an encoder that FFmpeg was built with. */
export interface NodeAvCodec {
  readonly id: number;
  readonly type: number;
}

/** A decoder or an encoder at work. Numbers below 0 are FFmpeg's error codes. */
export interface NodeAvCodecContext {
  flags: number;
  threadCount: number;
  pktTimebase: NodeAvRational;
  timeBase: NodeAvRational;
  framerate: NodeAvRational;
  width: number;
  height: number;
  pixelFormat: number;
  bitRate: bigint;
  rcMaxRate: bigint;
  rcBufferSize: number;
  gopSize: number;
  maxBFrames: number;
  colorRange: number;
  colorSpace: number;
  colorPrimaries: number;
  colorTrc: number;
  sampleRate: number;
  sampleFormat: number;
  channelLayout: unknown;
  /** Samples of each channel that an encoder takes at once. */
  readonly frameSize: number;
  /** What a container must know. */
  readonly extraData: Buffer | null;
  setOption(name: string, value: string, type: number, searchFlags: number): number;
  sendFrameSync(frame: NodeAvFrame | null): number;
  receivePacketSync(packet: NodeAvPacket): number;
  allocContext3(codec: NodeAvCodec): void;
  parametersToContext(parameters: NodeAvCodecParameters): number;
  open2Sync(codec: NodeAvCodec): number;
  sendPacketSync(packet: NodeAvPacket | null): number;
  receiveFrameSync(frame: NodeAvFrame): number;
  flushBuffers(): void;
  freeContext(): void;
}

/** FFmpeg's swscale, which reads range and matrix from the frames when it is not initialised before. */
export interface NodeAvScaleContext {
  allocContext(): void;
  setOption(name: string, value: string | number): number;
  scaleFrameSync(target: NodeAvFrame, source: NodeAvFrame): number;
  freeContext(): void;
}

/** The part of the module `node-av/lib` that is used. */
export interface NodeAvLibrary {
  readonly Packet: new () => NodeAvPacket;
  readonly Frame: (new () => NodeAvFrame) & {
    /** A frame over planes without padding. */
    fromVideoBuffer(
      planes: Buffer,
      shape: { width: number; height: number; format: number },
    ): NodeAvFrame;
    /** A frame over samples. */
    fromAudioBuffer(
      samples: Buffer,
      shape: {
        nbSamples: number;
        format: number;
        sampleRate: number;
        channelLayout: never;
        pts: bigint;
      },
    ): NodeAvFrame;
  };
  readonly CodecContext: new () => NodeAvCodecContext;
  readonly CodecParameters: new () => NodeAvCodecParameters;
  readonly SoftwareScaleContext: new () => NodeAvScaleContext;
  readonly Rational: new (num: number, den: number) => NodeAvRational;
  readonly Codec: {
    findDecoderByName(name: never): NodeAvCodec | null;
    findEncoderByName(name: never): NodeAvCodec | null;
  };
  readonly Log: { setLevel(level: number): void };
  avGetSampleFmtFromName(name: string): number;
  avChannelLayoutDefault(channels: number): unknown;
  avGetPixFmtName(format: number): string | null;
  avGetPixFmtFromName(name: string): number;
  /** Copies planes between memories with strides of their own. */
  avImageCopy2(
    target: readonly Buffer[],
    targetStrides: readonly number[],
    source: readonly Buffer[],
    sourceStrides: readonly number[],
    format: number,
    width: number,
    height: number,
  ): void;
  /** Copies planes without padding, rows `align` bytes apart at least; negative on failure. */
  avImageCopyToBuffer(
    target: Buffer,
    targetBytes: number,
    planes: Buffer[],
    strides: number[],
    format: number,
    width: number,
    height: number,
    align: number,
  ): number;
}
