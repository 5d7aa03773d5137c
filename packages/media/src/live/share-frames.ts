import { type MonoTypeOperatorFunction, Subject, share } from "rxjs";
import type { VideoFrame } from "../video/video-frame.ts";

/**
 * Shows frames that somebody owns to any number of subscribers, and closes each one when all have seen it: the
 * source is subscribed by the first subscriber and left by the last, and what a subscriber wants to keep beyond its
 * `next()` it clones.
 *
 * @example
 * ```ts
 * import { shareFrames, videoFrame } from "@millrace/media";
 * import { map, of } from "rxjs";
 *
 * const owned$ = of(1, 2, 3).pipe(
 *   map((pts) =>
 *     videoFrame({
 *       format: "RGB",
 *       codedWidth: 1,
 *       codedHeight: 1,
 *       pts,
 *       timeBase: { num: 1, den: 25 },
 *       data: new Uint8Array(3),
 *     }),
 *   ),
 * );
 * owned$.pipe(shareFrames()).subscribe(({ timestamp }) => console.log(timestamp)); // 40000 80000 120000
 * ```
 */
export function shareFrames(): MonoTypeOperatorFunction<VideoFrame> {
  return (owned$) =>
    owned$.pipe(
      share({
        connector: () => {
          const viewers = new Subject<VideoFrame>();
          return {
            subscribe: (observer) => viewers.subscribe(observer),
            error: (error: unknown) => viewers.error(error),
            complete: () => viewers.complete(),
            next(frame) {
              try {
                viewers.next(frame);
              } finally {
                frame.close();
              }
            },
          };
        },
      }),
    );
}
