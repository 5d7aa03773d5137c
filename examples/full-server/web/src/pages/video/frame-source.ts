import type { BrowserVideo } from "@millrace/video-index/browser";
import { messageOf } from "../../api/api-error.ts";
import { videoApi } from "../../api/video-client.ts";
import type { FramePicture, Video } from "../../api/video-types.ts";

/** Where the pictures of a video come from. */
export interface FrameSource {
  /**
   * The picture of a frame.
   *
   * @param width - pixels of a picture from the server; undefined: its own. What is decoded here has its own
   */
  picture(frame: number, width: number | undefined, signal: AbortSignal): Promise<FramePicture>;
  /** Frees the decoder. */
  close(): void;
}

/** A video that this page decodes, and what it is drawn on outside of the page. */
interface Decoded {
  readonly frames: BrowserVideo;
  readonly surface: OffscreenCanvas;
}

/**
 * Frames of a video, decoded in this page from ranges of its file where the browser can, and else as pictures from the
 * server. They come from the server, too, until the decoder is ready.
 *
 * @param onServer - is told why the browser does not decode
 */
export function frameSource(video: Video, onServer: (why: string) => void): FrameSource {
  const closing = new AbortController();
  const { signal: closed } = closing;
  let decoded: Decoded | undefined;

  const leaveToServer = (why: string): void => {
    void decoded?.frames.close();
    decoded = undefined;
    if (!closed.aborted) onServer(why);
  };
  openInPage(video, closed).then(
    (opened) => {
      decoded = opened;
      if (closed.aborted) void opened.frames.close();
      else if (opened.frames.mode === "stills") leaveToServer(whyStills(video));
    },
    (error: unknown) => leaveToServer(messageOf(error)),
  );

  return {
    async picture(frame, width, signal) {
      const here = decoded;
      if (here !== undefined) {
        try {
          const startMs = performance.now();
          const drawn = await here.frames.draw(frame, here.surface, { signal });
          if (drawn !== undefined && drawn.status !== "missing") {
            const bitmap = here.surface.transferToImageBitmap();
            const by = { place: "browser", ms: performance.now() - startMs } as const;
            return { ...drawn, by, bitmap };
          }
        } catch (error) {
          signal.throwIfAborted();
          // The file may be another by now, or the token: the server says so, if it does not help.
          leaveToServer(messageOf(error));
        }
      }
      return await videoApi.picture(video.id, frame, width, signal);
    },
    close() {
      closing.abort();
      void decoded?.frames.close();
    },
  };
}

async function openInPage(video: Video, signal: AbortSignal): Promise<Decoded> {
  const surface = new OffscreenCanvas(video.displayWidth, video.displayHeight);
  // Other pages of this application do without it.
  const { openVideo } = await import("@millrace/video-index/browser");
  const frames = await openVideo(videoApi.fileUrl(video), {
    index: videoApi.indexUrl(video),
    stillUrl: (frame) => videoApi.stillUrl(video, frame),
    headers: videoApi.headers(),
    signal,
  });
  return { frames, surface };
}

function whyStills({ codec }: Video): string {
  return "VideoDecoder" in globalThis
    ? `This browser does not decode this ${codec}, or would have to begin far back for most frames.`
    : "A browser decodes only in pages from https or localhost, and only where it has WebCodecs.";
}
