import { MillraceError } from "@millrace/core";
import { type CaptureBackend, type CaptureOptions, videoFrame } from "@millrace/media";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { afterEach, expect, test } from "vitest";
import { cameraTarget } from "./camera-options.ts";
import { type CameraState, cameraSource } from "./camera-source.ts";

afterEach(() => expect.poll(() => expectNoOpenFrames()).toBeUndefined());

/** A camera that is read as scripted: each connection gives so many frames, and then what is said. */
function scripted(script: readonly { readonly frames: number; readonly after?: unknown }[]) {
  const opened: CaptureOptions[] = [];
  let open = 0;
  const capture: CaptureBackend = {
    apiVersion: 1,
    name: "script",
    async open(options) {
      const { frames, after } = script[opened.length] ?? { frames: 0, after: "stand still" };
      opened.push(options);
      open++;
      async function* give() {
        for (let at = 0; at < frames; at++) {
          const shape = { format: "RGB", codedWidth: 1, codedHeight: 1 } as const;
          const timeBase = { num: 1, den: 25 };
          yield videoFrame({ ...shape, pts: at, timeBase, data: new Uint8Array(3) });
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        if (after === "stand still") {
          await new Promise((_, reject) => {
            options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
          });
        } else if (after !== undefined) throw after;
      }
      const close = async (): Promise<void> => {
        open--;
      };
      return {
        frames: { [Symbol.asyncIterator]: give },
        framesDropped: 0,
        close,
        [Symbol.asyncDispose]: close,
      };
    },
  };
  return { capture, opened, stillOpen: () => open };
}

const lost = new MillraceError("REMOTE_FAILED", "It fell off the wall.", { retryable: true });
const URL_TEXT = "rtsp://me:secret@camera/live";
const reconnect = { firstMs: 1, mostMs: 4 };

function watch(camera: ReturnType<typeof cameraSource>) {
  const times: number[] = [];
  const states: CameraState[] = [];
  camera.state$.subscribe((state) => states.push(state));
  const over = Promise.withResolvers<unknown>();
  const subscription = camera.video$.subscribe({
    next: ({ timestamp }) => times.push(timestamp),
    error: over.resolve,
    complete: () => over.resolve("complete"),
  });
  return { times, states, over: over.promise, leave: () => subscription.unsubscribe() };
}

test("a camera that is lost is come back to, and its times go on", async () => {
  const { capture, stillOpen } = scripted([
    { frames: 3, after: lost },
    { frames: 0, after: lost },
    { frames: 0 },
    { frames: 4, after: "stand still" },
  ]);
  const seen = watch(cameraSource(URL_TEXT, { capture, reconnect }));
  await expect.poll(() => seen.times.length).toBe(7);
  expect(seen.times).toEqual([...new Set(seen.times)].sort((one, other) => one - other));
  seen.leave();
  await expect.poll(stillOpen).toBe(0);
  expect(seen.states.map((state) => ("attempt" in state ? state.attempt : state.kind))).toEqual([
    ...["idle", "connecting", "live", 1, "connecting", 2, "connecting", 3, "connecting"],
    ...["live", "idle"],
  ]);
  expect(JSON.stringify(seen.states)).not.toContain("secret");
});

test("it is given up after as many tries as may be, or at once where none may, or none can help", async () => {
  for (const [options, after, opens] of [
    [{ reconnect: { ...reconnect, attempts: 2 } }, lost, 3],
    [{ reconnect: false }, lost, 1],
    [{ reconnect }, new MillraceError("MISSING_DEPENDENCY", "no ffmpeg"), 1],
  ] as const) {
    const camera = scripted(Array.from({ length: 5 }, () => ({ frames: 0, after })));
    const seen = watch(cameraSource(URL_TEXT, { capture: camera.capture, ...options }));
    expect(await seen.over).toBe(after);
    expect(camera.opened).toHaveLength(opens);
    expect(seen.states.at(-1)).toEqual({ kind: "failed", message: after.message });
    expect(camera.stillOpen()).toBe(0);
  }
});

test("a camera that gives no frame any more is lost", async () => {
  const { capture, opened } = scripted([{ frames: 1, after: "stand still" }, { frames: 1 }]);
  const seen = watch(cameraSource(URL_TEXT, { capture, reconnect, stallMs: 50 }));
  await expect.poll(() => opened.length).toBeGreaterThan(1);
  expect(seen.states).toContainEqual(
    expect.objectContaining({
      kind: "waiting",
      message: expect.stringContaining("no frame for 50"),
    }),
  );
  seen.leave();
});

test("who leaves while it is waited for or opened leaves nothing behind, and may come back", async () => {
  const script = [
    { frames: 0, after: lost },
    { frames: 2, after: "stand still" },
  ];
  const { capture, opened, stillOpen } = scripted(script);
  const camera = cameraSource(URL_TEXT, { capture, reconnect: { firstMs: 60_000 } });
  const first = watch(camera);
  await expect.poll(() => first.states.at(-1)?.kind).toBe("waiting");
  first.leave();
  const second = watch(camera);
  await expect.poll(() => second.times.length).toBe(2);
  second.leave();
  await expect.poll(stillOpen).toBe(0);
  expect(opened).toHaveLength(2);
});

test("a file ends with its end", async () => {
  const { capture } = scripted([{ frames: 2 }]);
  const seen = watch(cameraSource("file:///clip.mp4", { capture, protocols: ["file"] }));
  expect(await seen.over).toBe("complete");
  expect(seen.times).toEqual([0, 40_000]);
});

test.each([
  ["file:///etc/passwd"],
  ["concat:a|b"],
  ["/etc/passwd"],
  ["gopher://me:secret@host/"],
  ["not an address"],
])("an address of a protocol that is not allowed is refused: %s", (address) => {
  const { capture } = scripted([]);
  const open = () => cameraSource(address, { capture });
  expect(open).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  expect(open).not.toThrow(/secret/);
});

test("how an address is read", () => {
  const { capture } = scripted([]);
  const openOf = (address: string) =>
    cameraTarget(address, { capture, protocols: ["http", "https", "rtsp", "file"] }).open;
  expect(openOf("http://camera/live?x=a.mp4")).toMatchObject({
    format: "mpjpeg",
    isStampedOnArrival: true,
    isPaced: false,
  });
  expect(openOf("https://host/a/list.m3u8?token=1")).toMatchObject({ isPaced: true });
  expect(openOf("https://host/a/list.m3u8").format).toBeUndefined();
  expect(openOf("rtsp://camera/")).toMatchObject({ isPaced: false, isStampedOnArrival: false });
  expect(openOf("file:///a.mp4")).toMatchObject({ isPaced: true, protocols: ["file"] });
  expect(openOf("https://host/").protocols).not.toContain("file");
});
