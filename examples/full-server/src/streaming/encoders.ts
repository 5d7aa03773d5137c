import { createRequire } from "node:module";
import type { FrameHubOptions } from "@millrace/streaming";
import type { FastifyBaseLogger } from "fastify";

/** What encodes streams, and what of it is not there. */
export interface Encoders extends AsyncDisposable {
  readonly options: Pick<FrameHubOptions, "images" | "video" | "audio">;
  /** The command that installs what encodes video; undefined when it is there. */
  readonly missingVideo: string | undefined;
}

const WORKERS = 2;

/** Opens the encoders that are installed. */
export async function openEncoders(log: FastifyBaseLogger): Promise<Encoders> {
  const { nodeAv } = await import("@millrace/media/node-av");
  const av = nodeAv({ workers: WORKERS });
  const hasVideo = await av.decoder.check().then(
    () => true,
    (error: unknown) => {
      log.info({ err: error }, "no video encoder: streams go out as JPEGs only");
      return false;
    },
  );
  const scaler = hasVideo ? { scaler: av.scaler } : {};
  // The faster one where it loads; npm leaves it out where it has no binary.
  const images = isInstalled("@julusian/jpeg-turbo")
    ? (await import("@millrace/media/jpeg-turbo")).jpegTurbo(scaler)
    : (await import("@millrace/media/sharp")).sharpImages(scaler);
  const close = async (): Promise<void> => await av.close();
  if (!hasVideo) await close();
  return {
    options: { images, ...(hasVideo && { video: av.videoEncoder, audio: av.audioEncoder }) },
    missingVideo: hasVideo ? undefined : "npm install node-av@^6.1.1",
    [Symbol.asyncDispose]: close,
  };
}

/** Whether a package can be loaded from here. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    // One that is there and may only be imported is there.
    return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND";
  }
}
