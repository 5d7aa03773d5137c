import type { FrameHeader } from "../messages/frame-message.ts";
import type { VideoMessage } from "../messages/socket-messages.ts";
import { type PageCanvas, type PageDecoder, type PageVideoFrame, page } from "./page.ts";
import { drawOver } from "./picture-painter.ts";

/** Decodes chunks of video and draws each frame as it comes out. */
export interface ChunkDecoder {
  /** What stream comes now. Takes effect at the next key frame. */
  configure(message: VideoMessage): void;
  put(header: FrameHeader, data: Uint8Array): void;
  close(): void;
}

/** What a {@link ChunkDecoder} tells. */
export interface ChunkDecoderEvents {
  shown(header: FrameHeader): void;
  dropped(header: FrameHeader): void;
  /** It cannot go on without a key frame. */
  lost(reason: string): void;
}

/** More waiting than this is a decoder that does not keep up: the server's window is smaller. */
const MOST_QUEUED = 40;

/** Makes a decoder that draws on a canvas. */
export function createChunkDecoder(
  canvas: PageCanvas,
  isRealtime: boolean,
  events: ChunkDecoderEvents,
): ChunkDecoder {
  const { VideoDecoder, EncodedVideoChunk } = page();
  const under = new Map<number, FrameHeader>();
  let decoder: PageDecoder | undefined;
  let wanted: object | undefined;
  let isClosed = false;

  const drop = (): void => {
    if (decoder && decoder.state !== "closed") decoder.close();
    decoder = undefined;
    for (const header of under.values()) events.dropped(header);
    under.clear();
  };
  const open = (config: object): void => {
    const mine =
      VideoDecoder &&
      new VideoDecoder({
        output(frame: PageVideoFrame) {
          const header = under.get(frame.timestamp);
          under.delete(frame.timestamp);
          const isShown =
            !isClosed && drawOver(canvas, frame, frame.displayWidth, frame.displayHeight);
          frame.close();
          if (!header) return;
          if (isShown) events.shown(header);
          else events.dropped(header);
        },
        error(error) {
          if (decoder !== mine) return;
          drop();
          events.lost(String(error));
        },
      });
    mine?.configure(config);
    decoder = mine;
  };
  return {
    configure({ codec, width, height, description }) {
      wanted = {
        codec,
        codedWidth: width,
        codedHeight: height,
        optimizeForLatency: isRealtime,
        ...(description && { description: fromBase64(description) }),
      };
    },
    put(header, data) {
      if (header.isKey && wanted) {
        // What is in the old decoder comes out of it still, in order, as it is the older one.
        if (decoder?.state === "configured") decoder.configure(wanted);
        else open(wanted);
        wanted = undefined;
      }
      if (!EncodedVideoChunk || decoder?.state !== "configured") {
        events.dropped(header);
        return;
      }
      if (decoder.decodeQueueSize > MOST_QUEUED) {
        drop();
        events.dropped(header);
        events.lost("the decoder does not keep up");
        return;
      }
      // The number takes the place of the time: that may have fractions, which WebCodecs cuts off.
      under.set(header.sequence, header);
      const type = header.isKey ? "key" : "delta";
      decoder.decode(new EncodedVideoChunk({ type, timestamp: header.sequence, data }));
    },
    close() {
      isClosed = true;
      drop();
    },
  };
}

/** Bytes of base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
