import { abortable, MillraceError } from "@millrace/core/web";
import type { VideoDecoderBackend, VideoDecoderConfig } from "@millrace/media";
import {
  type HardwareAcceleration,
  type WebCodecsLibrary,
  type WebDecoderConfig,
  webCodecsLibrary,
} from "./web-codecs-library.ts";
import { webCodecsStream } from "./web-codecs-stream.ts";

/** What {@link webCodecsDecoder} may be told. */
export interface WebCodecsDecoderOptions {
  /**
   * Where to decode. In software, frames that are kept cost nothing but memory; a graphics card has room for a few and
   * stops when they are kept, so that each one is copied out of it.
   *
   * @defaultValue `"prefer-software"`, and where the browser has no such decoder for a codec, `"no-preference"`
   */
  readonly hardwareAcceleration?: HardwareAcceleration;
  /** @defaultValue the classes of the page's global object */
  readonly lib?: WebCodecsLibrary;
}

/**
 * Decodes with WebCodecs. Its frames are `BrowserFrame`s.
 *
 * A packet that cannot be decoded costs the frames up to the next key frame: WebCodecs ends a decoder at the first one.
 * H.264 is entered at IDR pictures only, since Chromium takes no others for key frames.
 *
 * @example
 * ```ts no-run
 * import { webCodecsDecoder } from "@millrace/video-index/browser";
 *
 * const backend = webCodecsDecoder({ hardwareAcceleration: "no-preference" });
 * await backend.check();
 * await using decoder = await backend.open(
 *   { codec: "vp8", family: "vp8", codedWidth: 640, codedHeight: 480 },
 *   { timeBase: { num: 1, den: 30 } },
 * );
 * ```
 */
export function webCodecsDecoder(options: WebCodecsDecoderOptions = {}): VideoDecoderBackend {
  const library = (): WebCodecsLibrary => options.lib ?? webCodecsLibrary();
  return {
    apiVersion: 1,
    name: "webcodecs",
    capabilities: { prompt: false, closedOnly: ["h264"] },
    async check() {
      library();
    },
    async open(config, { timeBase, signal }) {
      const classes = library();
      const choosing = supportedConfig(classes, config, options.hardwareAcceleration);
      const chosen = await (signal ? abortable(choosing, signal) : choosing);
      return webCodecsStream(classes, chosen, timeBase);
    },
  };
}

/**
 * The configuration that the browser takes for a stream.
 *
 * @throws MillraceError UNSUPPORTED with the codec string, when it takes none
 */
async function supportedConfig(
  { VideoDecoder }: WebCodecsLibrary,
  { codec, family, description, codedWidth, codedHeight }: VideoDecoderConfig,
  where?: HardwareAcceleration,
): Promise<WebDecoderConfig> {
  // The others carry all that their decoders need.
  const told = (family === "h264" || family === "hevc") && description !== undefined;
  const size = codedWidth > 0 && codedHeight > 0 && { codedWidth, codedHeight };
  const asked: readonly HardwareAcceleration[] =
    where === undefined ? ["prefer-software", "no-preference"] : [where];
  for (const hardwareAcceleration of asked) {
    const config = { codec, ...size, ...(told && { description }), hardwareAcceleration };
    // What it cannot make sense of, it throws at.
    const answer = await VideoDecoder.isConfigSupported(config as never).catch(() => undefined);
    if (answer?.supported === true) return config;
  }
  throw new MillraceError(
    "UNSUPPORTED",
    `This browser does not decode ${codec}; give stillUrl to show pictures from a server in its place.`,
    { details: { codec } },
  );
}
