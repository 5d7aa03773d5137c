import { frameBytes, type LiveStream, shareFrames, videoFrame } from "@millrace/media";
import { Observable } from "rxjs";

const [WIDTH, HEIGHT, FRAMERATE] = [1280, 720, 30];

/** A stream whose frames cost nothing to make: one grey picture, 30 times a second. */
export function stillStream(): LiveStream {
  const data = new Uint8Array(frameBytes("I420", WIDTH, HEIGHT)).fill(128);
  const startedMs = performance.now();
  const elapsedUs = (): number => (performance.now() - startedMs) * 1_000;
  return {
    clock: { now: elapsedUs },
    video$: new Observable<ReturnType<typeof videoFrame>>((subscriber) => {
      let number = Math.ceil((elapsedUs() * FRAMERATE) / 1e6);
      let timer: NodeJS.Timeout;
      const dueUs = (): number => Math.round((number * 1e6) / FRAMERATE);
      const wait = (): void => {
        timer = setTimeout(run, Math.max(0, (dueUs() - elapsedUs()) / 1_000));
      };
      const run = (): void => {
        const pts = dueUs();
        number++;
        wait();
        subscriber.next(
          videoFrame({
            format: "I420",
            codedWidth: WIDTH,
            codedHeight: HEIGHT,
            colorSpace: {
              matrix: "bt709",
              primaries: "bt709",
              transfer: "bt709",
              fullRange: false,
            },
            pts,
            timeBase: { num: 1, den: 1_000_000 },
            data,
            release: () => {},
          }),
        );
      };
      wait();
      return () => clearTimeout(timer);
    }).pipe(shareFrames()),
  };
}
