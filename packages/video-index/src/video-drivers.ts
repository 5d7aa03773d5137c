import { MillraceError } from "@millrace/core";
import type { FrameScaler, ImageEncoder, VideoDecoderBackend } from "@millrace/media";
import { scalarScaler } from "@millrace/media";

/** What decodes, scales and encodes the frames of a video. */
export interface VideoDrivers {
  readonly decoder: VideoDecoderBackend;
  readonly scaler: FrameScaler;
  /** The first that writes a type is used for it. */
  readonly images: readonly ImageEncoder[];
}

/** Drivers, and the end of what they hold. */
export interface OpenDrivers extends VideoDrivers, AsyncDisposable {}

/**
 * The drivers that are installed: node-av, else the `ffmpeg` command; jpeg-turbo for JPEG where it loads, and sharp.
 *
 * @throws MillraceError MISSING_DEPENDENCY when neither decoder is there
 */
export async function installedDrivers(): Promise<OpenDrivers> {
  const { nodeAv } = await import("@millrace/media/node-av");
  const av = nodeAv();
  const failures: unknown[] = [];
  try {
    await av.decoder.check();
    return await withImages(av.decoder, av.scaler, () => av.close());
  } catch (error) {
    failures.push(error);
    await av.close();
  }
  const { ffmpeg } = await import("@millrace/media/ffmpeg");
  const command = ffmpeg();
  try {
    await command.decoder.check();
    return await withImages(command.decoder, scalarScaler(), async () => {});
  } catch (error) {
    failures.push(error);
  }
  throw new MillraceError(
    "MISSING_DEPENDENCY",
    "Nothing that decodes video is installed. Install the package: npm install node-av@^6.1.1, or the command: apt-get install ffmpeg",
    { cause: new AggregateError(failures) },
  );
}

async function withImages(
  decoder: VideoDecoderBackend,
  scaler: FrameScaler,
  close: () => Promise<void>,
): Promise<OpenDrivers> {
  const { jpegTurbo } = await import("@millrace/media/jpeg-turbo");
  const { sharpImages } = await import("@millrace/media/sharp");
  const images = [jpegTurbo({ scaler }), sharpImages({ scaler })];
  return { decoder, scaler, images, [Symbol.asyncDispose]: close };
}
