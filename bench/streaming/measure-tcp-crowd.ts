import { setTimeout as sleep } from "node:timers/promises";
import { nextMessage, startChild } from "../child.ts";
import type { MjpegCrowdUse } from "./mjpeg-crowd.ts";
import type { ProcessUse } from "./process-use.ts";

/** What viewers of MJPEG cost and were given. */
export interface MjpegCrowdRow {
  /** Of one core, of the server and of the clients. */
  readonly serverShare: number;
  readonly receiverShare: number;
  readonly megabitsPerViewer: number;
  /** Bytes of a frame in the mean, with its headers. */
  readonly frameBytes: number;
  /** Of the one who got the fewest. */
  readonly leastFps: number;
  readonly rssMegabytes: number;
}

const SETTLE_MS = 3_000;

/** Viewers in one process, the server with its encoder in another. */
export async function measureMjpegCrowd(viewers: number, seconds: number): Promise<MjpegCrowdRow> {
  return await measure("./streaming/stream-server.ts", [], "/mjpeg", viewers, seconds);
}

/** The same viewers, who are sent as many bytes a frame by a server that only writes them. */
export async function measureMjpegFloor(
  frameBytes: number,
  viewers: number,
  seconds: number,
): Promise<MjpegCrowdRow> {
  const args = [String(Math.round(frameBytes))];
  return await measure("./streaming/mjpeg-floor.ts", args, "/", viewers, seconds);
}

async function measure(
  script: string,
  args: readonly string[],
  path: string,
  viewers: number,
  seconds: number,
): Promise<MjpegCrowdRow> {
  using server = startChild(script, args);
  const port = await nextMessage<number>(server.process);
  const url = `http://127.0.0.1:${port}${path}`;
  using crowd = startChild("./streaming/mjpeg-crowd.ts", [url, String(viewers)]);
  await sleep(SETTLE_MS);
  const [before, seenBefore] = [await server.ask<ProcessUse>(), await crowd.ask<MjpegCrowdUse>()];
  await sleep(seconds * 1_000);
  const [after, seenAfter] = [await server.ask<ProcessUse>(), await crowd.ask<MjpegCrowdUse>()];
  const elapsed = seenAfter.atSeconds - seenBefore.atSeconds;
  const frames = seenAfter.frames.map((seen, at) => seen - (seenBefore.frames[at] ?? 0));
  const bytes = seenAfter.bytes - seenBefore.bytes;
  return {
    serverShare: (after.cpuSeconds - before.cpuSeconds) / (after.atSeconds - before.atSeconds),
    receiverShare: (seenAfter.cpuSeconds - seenBefore.cpuSeconds) / elapsed,
    megabitsPerViewer: (bytes * 8) / elapsed / viewers / 1e6,
    frameBytes: bytes / frames.reduce((sum, seen) => sum + seen, 0),
    leastFps: Math.min(...frames) / elapsed,
    rssMegabytes: after.rssBytes / 1e6,
  };
}
