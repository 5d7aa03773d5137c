import { page } from "./page.ts";

/** What a browser can play. */
export interface SupportedTransports {
  /** With `playMjpeg`; an `<img>` needs none of it. */
  readonly mjpeg: boolean;
  readonly webSocket: {
    readonly jpeg: boolean;
    readonly h264: boolean;
    readonly vp8: boolean;
    readonly opus: boolean;
  };
  readonly webRtc: boolean;
}

/**
 * What this browser can play. WebCodecs are hidden from pages that came neither over https nor from localhost.
 *
 * @example
 * ```ts
 * import { supportedTransports } from "@millrace/streaming/browser";
 *
 * const { webRtc } = await supportedTransports();
 * console.log(webRtc); // false: this is Node
 * ```
 */
export async function supportedTransports(): Promise<SupportedTransports> {
  const { VideoDecoder, AudioDecoder, EncodedVideoChunk, RTCPeerConnection } = page();
  const jpeg = page().createImageBitmap !== undefined;
  const ask = async (
    decoder:
      | { isConfigSupported(config: object): Promise<{ readonly supported?: boolean }> }
      | undefined,
    config: object,
  ): Promise<boolean> => {
    try {
      return (await decoder?.isConfigSupported(config))?.supported === true;
    } catch {
      return false;
    }
  };
  const size = { codedWidth: 1280, codedHeight: 720 };
  const [h264, vp8, opus] = await Promise.all([
    ask(EncodedVideoChunk && VideoDecoder, { codec: "avc1.42E01F", ...size }),
    ask(EncodedVideoChunk && VideoDecoder, { codec: "vp8", ...size }),
    ask(AudioDecoder, { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 }),
  ]);
  return {
    mjpeg: jpeg,
    webSocket: { jpeg, h264, vp8, opus },
    webRtc: RTCPeerConnection !== undefined,
  };
}
