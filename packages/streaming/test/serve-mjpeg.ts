import type { LiveStream } from "@millrace/media";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { createFrameHub, type FrameHub, type FrameHubOptions } from "../src/hub/frame-hub.ts";
import { mjpeg } from "../src/mjpeg/mjpeg.ts";
import type { MjpegPublishOptions } from "../src/mjpeg/mjpeg-options.ts";
import { type LoopbackServer, serveOnLoopback } from "../src/testing/serve-on-loopback.ts";
import type { Publication } from "../src/transport.ts";

/** A stream that is published over MJPEG and served. */
export interface ServedMjpeg extends AsyncDisposable {
  readonly hub: FrameHub;
  readonly publication: Publication;
  readonly server: LoopbackServer;
  readonly url: string;
}

/** Publishes and serves a stream; disposing of it closes all. */
export async function serveMjpeg(
  stream: LiveStream,
  options: MjpegPublishOptions = {},
  hubOptions: FrameHubOptions = { images: jpegTurbo() },
): Promise<ServedMjpeg> {
  const hub = createFrameHub(stream, { lingerMs: 0, ...hubOptions });
  const publication = mjpeg().publish(hub, options);
  const server = await serveOnLoopback(publication);
  return {
    ...{ hub, publication, server, url: server.url },
    async [Symbol.asyncDispose]() {
      await publication.close();
      await hub.close();
      await server.close();
    },
  };
}
