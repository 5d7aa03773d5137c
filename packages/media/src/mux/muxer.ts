import type { AudioDecoderConfig, EncodedAudioChunk } from "../audio/audio-encoder.ts";
import type { VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";

/** Containers that are written as a stream, from front to back. */
export type Container = "mp4" | "webm";

/** The tracks of a file. */
export interface MuxerTracks {
  readonly video?: VideoDecoderConfig;
  readonly audio?: AudioDecoderConfig;
}

/** A file being written. */
export interface Muxer extends AsyncDisposable {
  /**
   * Puts a packet in; packets of both tracks come by their time. Settles when the next one may come: when the reader
   * of {@link Muxer.output} does not follow, it waits.
   *
   * @throws MillraceError INVALID_OPTION for a track that it was not opened with, CLOSED after `end`
   */
  writeVideo(chunk: EncodedVideoChunk): Promise<void>;
  /** As `writeVideo`. */
  writeAudio(chunk: EncodedAudioChunk): Promise<void>;
  /** Ends the file; settles when all of it has been read. */
  end(): Promise<void>;
  /** The file, once. Leaving it early ends the muxer. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Gives up what is not written. */
  close(): Promise<void>;
}

/** What writes containers, as a plugin. */
export interface MuxerBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  readonly containers: readonly Container[];
  /**
   * Begins a file.
   *
   * @throws MillraceError UNSUPPORTED for another container or a codec that it does not hold, INVALID_OPTION without
   *   a track
   */
  open(container: Container, tracks: MuxerTracks): Promise<Muxer>;
}
