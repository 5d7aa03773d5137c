import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDER = join(tmpdir(), "millrace-bench-video");

/** A clip of moving, noisy pictures: H.264 at 30 frames a second with two B frames. */
export interface BenchClip {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  /** Frames from one key frame to the next. */
  readonly group: number;
}

/** The path of a clip, which is made when it is asked for first. */
export async function benchClip({ width, height, seconds, group }: BenchClip): Promise<string> {
  const path = join(FOLDER, `${width}x${height}-${seconds}s-${group}.mp4`);
  if (existsSync(path)) return path;
  await mkdir(FOLDER, { recursive: true });
  const draft = `${path}.draft.mp4`;
  const source = `testsrc2=size=${width}x${height}:rate=30`;
  const words = `-nostdin -v error -y -f lavfi -i ${source} -vf noise=alls=8:allf=t,format=yuv420p -t ${seconds} -c:v libx264 -preset veryfast -g ${group} -keyint_min ${group} -sc_threshold 0 -bf 2 -b:v 4M -movflags +faststart ${draft}`;
  await run("ffmpeg", words.split(" "));
  await rename(draft, path);
  return path;
}
