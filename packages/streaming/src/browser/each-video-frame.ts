import { type PageCanvas, type PageVideo, page } from "./page.ts";
import { drawOver } from "./picture-painter.ts";

/** A frame that a `<video>` shows. */
export interface VideoFrameShown {
  /** 90 kHz, modulo 2^32; undefined where the browser does not tell. */
  readonly rtpTimestamp: number | undefined;
  /** Microseconds of the element. */
  readonly mediaTime: number;
}

/**
 * Calls at each frame that a `<video>` shows, and draws it on a canvas where there is one.
 *
 * What a browser says with its callback is of a frame that may be off the screen by the time that the call comes, on a
 * busy page; drawing the element then gives a later one (measured in Chromium 156). So the picture is taken out of the
 * element first: it says itself which one it is.
 *
 * @returns what stops it
 */
export function eachVideoFrame(
  video: PageVideo,
  canvas: PageCanvas | undefined,
  call: (frame: VideoFrameShown) => void,
): () => void {
  let isStopped = false;
  let handle = 0;
  let last: number | undefined;
  const look = (told: { readonly rtpTimestamp?: number; readonly mediaTime: number }): void => {
    const { VideoFrame } = page();
    let rtpTimestamp = told.rtpTimestamp;
    const picture = VideoFrame && takePicture(VideoFrame, video);
    try {
      rtpTimestamp = picture?.metadata?.().rtpTimestamp ?? rtpTimestamp;
      // It was shown already, ahead of its own call.
      if (rtpTimestamp !== undefined && rtpTimestamp === last) return;
      last = rtpTimestamp;
      if (canvas) drawOver(canvas, picture ?? video, video.videoWidth, video.videoHeight);
    } finally {
      picture?.close();
    }
    call({ rtpTimestamp, mediaTime: told.mediaTime * 1_000_000 });
  };
  const next = (): void => {
    handle = video.requestVideoFrameCallback((_now, told) => {
      if (isStopped) return;
      next();
      if (video.videoWidth > 0) look(told);
    });
  };
  next();
  return () => {
    isStopped = true;
    video.cancelVideoFrameCallback(handle);
  };
}

/** Undefined where the element has none at the moment, as while another stream is put into it. */
function takePicture<Picture>(
  VideoFrame: new (source: PageVideo) => Picture,
  video: PageVideo,
): Picture | undefined {
  try {
    return new VideoFrame(video);
  } catch {
    return undefined;
  }
}
