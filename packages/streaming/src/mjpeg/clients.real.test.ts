import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { afterEach, describe, expect, it } from "vitest";
import { jpegMarks } from "../../test/jpeg-marks.ts";
import { type ServedMjpeg, serveMjpeg } from "../../test/serve-mjpeg.ts";
import { readPatternMarks } from "../pattern/pattern-marks.ts";
import { testPattern } from "../pattern/test-pattern.ts";

const run = promisify(execFile);
const WIDTH = 320;
const HEIGHT = 180;
const FRAMES = 20;
const PYTHON = "/usr/bin/python3";

function missing(program: string, args: readonly string[], install: string): string | undefined {
  const { status } = spawnSync(program, args, { stdio: "ignore" });
  return status === 0 ? undefined : `skipped: no ${install}: apt-get install ${install}`;
}
const missingFfmpeg = missing("ffmpeg", ["-version"], "ffmpeg");
const missingOpenCv = missing(PYTHON, ["-c", "import cv2"], "python3-opencv");
for (const reason of [missingFfmpeg, missingOpenCv]) if (reason) console.warn(reason);

/** Numbers in the pixels of grey pictures that lie one behind the other. */
function numbersOf(grey: Uint8Array): readonly (number | undefined)[] {
  return Array.from({ length: grey.length / (WIDTH * HEIGHT) }, (_, at) => {
    const luma = grey.subarray(at * WIDTH * HEIGHT);
    return readPatternMarks(WIDTH, HEIGHT, (x, y) => luma[y * WIDTH + x] ?? 0)?.number;
  });
}

/** Notes what is made; a busy machine makes not every number of the pattern. */
function note({ hub }: ServedMjpeg): { readonly made: readonly number[]; stop(): void } {
  const made: number[] = [];
  const making = hub
    .pictures()
    .frames$.subscribe(({ data }) => made.push(jpegMarks(data)?.number ?? -1));
  return { made, stop: () => making.unsubscribe() };
}

function expectEvery(numbers: readonly (number | undefined)[], made: readonly number[]): void {
  const from = made.indexOf(numbers[0] ?? Number.NaN);
  expect(numbers).toHaveLength(FRAMES);
  expect(numbers).toEqual(made.slice(from, from + FRAMES));
}

afterEach(() => expect.poll(() => expectNoOpenFrames()).toBeUndefined());

describe.each(["browser", "length"])("framing=%s", (framing) => {
  const pattern = () => testPattern({ width: WIDTH, height: HEIGHT, framerate: 10 });

  it.skipIf(missingFfmpeg)("ffmpeg reads every frame", async () => {
    await using served = await serveMjpeg(pattern());
    const { made, stop } = note(served);
    const input = ["-f", "mpjpeg", "-i", `${served.url}?framing=${framing}`];
    const { stdout } = await run(
      "ffmpeg",
      [
        ...["-v", "error", "-nostdin", ...input, "-frames:v", String(FRAMES)],
        ...["-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"],
      ],
      { encoding: "buffer", maxBuffer: 1 << 26 },
    );
    stop();
    expectEvery(numbersOf(stdout), made);
  });

  it.skipIf(missingFfmpeg)("ffmpeg comes to the end when the stream does", async () => {
    const served = await serveMjpeg(pattern());
    const input = ["-f", "mpjpeg", "-i", `${served.url}?framing=${framing}`];
    const done = run("ffmpeg", ["-v", "error", "-nostdin", ...input, "-f", "null", "-"]);
    await expect.poll(async () => (await seen(served)).framesSent).toBeGreaterThan(10);
    await served[Symbol.asyncDispose]();
    expect((await done).stderr).not.toMatch(/error/i);
  });

  it.skipIf(missingOpenCv)("OpenCV reads every frame", async () => {
    await using served = await serveMjpeg(pattern());
    const { made, stop } = note(served);
    const program = `
import cv2, sys
video = cv2.VideoCapture(sys.argv[1])
for _ in range(${FRAMES}):
    is_there, picture = video.read()
    if not is_there: break
    sys.stdout.buffer.write(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).tobytes())
`;
    const url = `${served.url}/stream?framing=${framing}`;
    const { stdout } = await run(PYTHON, ["-c", program, url], {
      encoding: "buffer",
      maxBuffer: 1 << 26,
    });
    stop();
    expectEvery(numbersOf(stdout), made);
  });
});

async function seen({ url }: ServedMjpeg): Promise<{ framesSent: number }> {
  return (await (await fetch(`${url}/state`)).json()) as { framesSent: number };
}
