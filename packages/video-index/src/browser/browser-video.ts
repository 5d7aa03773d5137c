import type { TimeRule } from "../index/video-index.ts";
import type {
  FrameInfo,
  FrameRange,
  FrameRequest,
  RawFrame,
  StillFrame,
  StillRequest,
  Video,
} from "../video.ts";
import type { BrowserFrame } from "./browser-frame.ts";
import type { DrawingCanvas, DrawingContext } from "./drawing-surface.ts";

/** A frame in the browser's memory: the receiver's own, to be closed. */
export type BrowserRawFrame = FrameInfo &
  Disposable &
  (
    | { readonly status: "ok" | "concealed"; readonly frame: BrowserFrame }
    | { readonly status: "missing"; readonly frame: undefined }
  );

/** What was drawn. */
export type DrawnFrame = FrameInfo & { readonly status: RawFrame["status"] };

/** A video in a page: any frame, by number or time, exactly, and drawn. */
export interface BrowserVideo extends Video {
  /**
   * Where frames come from: decoded here, or as pictures from the server, whose numbers and times are those of the index
   * all the same.
   */
  readonly mode: "webcodecs" | "stills";
  /**
   * Draws a frame the right way up. A canvas is given the size of the video as it is shown; a context keeps the size that
   * its canvas has, and all of it is drawn over.
   *
   * Made for sliders: of one canvas at most one frame is being fetched, and of those that are asked for meanwhile only
   * the newest is fetched next. What is drawn last is what was asked for last.
   *
   * @returns what was drawn; undefined when a newer request came in between, and nothing was. A frame that cannot be
   * decoded is `"missing"`, and the canvas is left as it is
   * @throws MillraceError NOT_FOUND when there is no such number. Rejects with the signal's reason when that aborts
   */
  draw(
    frame: number,
    target: DrawingCanvas | DrawingContext,
    request?: FrameRequest,
  ): Promise<DrawnFrame | undefined>;
  frameAt(frame: number, request?: FrameRequest): Promise<BrowserRawFrame>;
  frameAt(frame: number, request: StillRequest): Promise<StillFrame>;
  frameAtTime(
    seconds: number,
    request?: FrameRequest & { readonly rule?: TimeRule },
  ): Promise<BrowserRawFrame>;
  frameAtTime(
    seconds: number,
    request: StillRequest & { readonly rule?: TimeRule },
  ): Promise<StillFrame>;
  framesAt(frames: readonly number[], request?: FrameRequest): Promise<readonly BrowserRawFrame[]>;
  framesAt(frames: readonly number[], request: StillRequest): Promise<readonly StillFrame[]>;
  frames(range?: FrameRange, request?: FrameRequest): AsyncIterableIterator<BrowserRawFrame>;
  frames(range: FrameRange, request: StillRequest): AsyncIterableIterator<StillFrame>;
}
