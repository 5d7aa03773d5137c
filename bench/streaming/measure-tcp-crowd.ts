import { setTimeout as sleep } from "node:timers/promises";
import { type Child, nextMessage, startChild } from "../child.ts";
import type { ProcessUse } from "./process-use.ts";
import type { ServerOptions } from "./stream-server.ts";

/** What the viewers of a crowd have seen and used since they began; the answer of its process to any message. */
export interface TcpCrowdUse {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  /** Of each viewer. */
  readonly frames: readonly number[];
  /** Of all. */
  readonly bytes: number;
}

/** What viewers over TCP cost and were given. */
export interface TcpCrowdRow {
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
export async function measureMjpegCrowd(viewers: number, seconds: number): Promise<TcpCrowdRow> {
  const server = startChild("./streaming/stream-server.ts");
  return await measure(server, "mjpeg-crowd.ts", "/mjpeg", [String(viewers)], seconds);
}

/**
 * Viewers over a WebSocket, who take JPEGs, which the server encodes, or H.264.
 *
 * @param loop - a file of H.264 that is sent instead of encoding any
 */
export async function measureSocketCrowd(
  codec: "jpeg" | "h264",
  viewers: number,
  seconds: number,
  loop?: string,
): Promise<TcpCrowdRow> {
  const told: ServerOptions = loop === undefined ? {} : { loop };
  const server = startChild("./streaming/stream-server.ts", [JSON.stringify(told)]);
  return await measure(server, "socket-crowd.ts", "/websocket", [String(viewers), codec], seconds);
}

/** The same viewers, who are sent as many bytes a frame by a server that only writes them. */
export async function measureMjpegFloor(
  frameBytes: number,
  viewers: number,
  seconds: number,
): Promise<TcpCrowdRow> {
  const server = startChild("./streaming/mjpeg-floor.ts", [String(Math.round(frameBytes))]);
  return await measure(server, "mjpeg-crowd.ts", "/", [String(viewers)], seconds);
}

async function measure(
  started: Child,
  script: string,
  path: string,
  [viewers = "1", ...args]: readonly string[],
  seconds: number,
): Promise<TcpCrowdRow> {
  using server = started;
  const port = await nextMessage<number>(server.process);
  const url = `http://127.0.0.1:${port}${path}`;
  using crowd = startChild(`./streaming/${script}`, [url, viewers, ...args]);
  await sleep(SETTLE_MS);
  const [before, seenBefore] = [await server.ask<ProcessUse>(), await crowd.ask<TcpCrowdUse>()];
  await sleep(seconds * 1_000);
  const [after, seenAfter] = [await server.ask<ProcessUse>(), await crowd.ask<TcpCrowdUse>()];
  const elapsed = seenAfter.atSeconds - seenBefore.atSeconds;
  const frames = seenAfter.frames.map((seen, at) => seen - (seenBefore.frames[at] ?? 0));
  const bytes = seenAfter.bytes - seenBefore.bytes;
  return {
    serverShare: (after.cpuSeconds - before.cpuSeconds) / (after.atSeconds - before.atSeconds),
    receiverShare: (seenAfter.cpuSeconds - seenBefore.cpuSeconds) / elapsed,
    megabitsPerViewer: (bytes * 8) / elapsed / Number(viewers) / 1e6,
    frameBytes: bytes / frames.reduce((sum, seen) => sum + seen, 0),
    leastFps: Math.min(...frames) / elapsed,
    rssMegabytes: after.rssBytes / 1e6,
  };
}
