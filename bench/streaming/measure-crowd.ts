import { setTimeout as sleep } from "node:timers/promises";
import { nextMessage, startChild } from "../child.ts";
import type { FloorOptions, FloorUse } from "./srtp-floor.ts";
import type { ServerOptions, ServerUse } from "./stream-server.ts";
import type { CrowdUse } from "./webrtc-crowd.ts";

/** What many viewers cost and were given. */
export interface CrowdRow {
  /** Of one core, of the server and of the receivers. */
  readonly serverShare: number;
  readonly receiverShare: number;
  /** Delivered to a viewer, in the mean; headers of RTP included, encryption not. */
  readonly megabitsPerViewer: number;
  readonly packetsPerSecond: number;
  /** Delivered to the one who got the fewest, a second. */
  readonly leastFps: number;
  /** Of all, a second: sent again, or to measure the road. */
  readonly repeatedPerSecond: number;
  readonly lost: number;
  readonly rssMegabytes: number;
  /** Bytes of the packets of each frame, as one of them got them. */
  readonly sizes: readonly (readonly number[])[];
}

/** How a crowd is measured. */
export interface CrowdOptions extends ServerOptions {
  /** A path of the server, such as `"werift"`. */
  readonly publication: string;
  readonly viewers: number;
  readonly seconds: number;
  /** Where a profile of the server is written. */
  readonly profile?: string | undefined;
}

/** Those who come late disturb; and the road of each has been found out after some seconds. */
const SETTLE_MS = 4_000;

/** Viewers over WebRTC in one process, a server that need not encode in another. */
export async function measureWebrtcCrowd(options: CrowdOptions): Promise<CrowdRow> {
  const { publication, viewers, seconds, profile, ...told } = options;
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  using server = startChild("./streaming/stream-server.ts", [JSON.stringify(told)], profiling);
  const port = await nextMessage<number>(server.process);
  const url = `http://127.0.0.1:${port}/${publication}/whep`;
  using crowd = startChild("./streaming/webrtc-crowd.ts", [url, String(viewers)]);
  await nextMessage(crowd.process);
  await sleep(SETTLE_MS);
  const [before, seenBefore] = [await server.ask<ServerUse>(), await crowd.ask<CrowdUse>()];
  await sleep(seconds * 1_000);
  const [after, seenAfter] = [await server.ask<ServerUse>(), await crowd.ask<CrowdUse>()];
  const elapsed = seenAfter.atSeconds - seenBefore.atSeconds;
  const perSecond = (of: "packets" | "bytes" | "frames"): readonly number[] =>
    seenAfter[of].map((number, at) => (number - (seenBefore[of][at] ?? 0)) / elapsed);
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
  return {
    serverShare: share(before, after),
    receiverShare: share(seenBefore, seenAfter),
    megabitsPerViewer: (sum(perSecond("bytes")) * 8) / viewers / 1e6,
    packetsPerSecond: sum(perSecond("packets")),
    leastFps: Math.min(...perSecond("frames")),
    repeatedPerSecond: (seenAfter.repeated - seenBefore.repeated) / elapsed,
    lost: seenAfter.lost - seenBefore.lost,
    rssMegabytes: after.rssBytes / 1e6,
    sizes: seenAfter.sizes,
  };
}

/** A server that nobody watches. */
export async function measureIdle(options: ServerOptions, seconds: number): Promise<number> {
  using server = startChild("./streaming/stream-server.ts", [JSON.stringify(options)]);
  await nextMessage(server.process);
  await sleep(SETTLE_MS);
  const before = await server.ask<ServerUse>();
  await sleep(seconds * 1_000);
  return share(before, await server.ask<ServerUse>());
}

/** What encrypting and sending alone costs. */
export interface FloorRow {
  /** Of one core. */
  readonly share: number;
  readonly packetsPerSecond: number;
  /** CPU time of a packet. */
  readonly microseconds: number;
}

/** Measures it with packets as large and as many as those of a crowd. */
export async function measureFloor(
  frames: CrowdRow["sizes"],
  viewers: number,
  seconds: number,
): Promise<FloorRow> {
  using sink = startChild("./streaming/udp-sink.ts", [String(viewers)]);
  const ports = await nextMessage<number[]>(sink.process);
  using floor = startChild("./streaming/srtp-floor.ts");
  const options: FloorOptions = { ports, frames };
  floor.process.send(options);
  await sleep(SETTLE_MS);
  const before = await floor.ask<FloorUse>();
  await sleep(seconds * 1_000);
  const after = await floor.ask<FloorUse>();
  const packets = after.packets - before.packets;
  return {
    share: share(before, after),
    packetsPerSecond: packets / (after.atSeconds - before.atSeconds),
    microseconds: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / packets,
  };
}

interface Use {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
}

function share(before: Use, after: Use): number {
  return (after.cpuSeconds - before.cpuSeconds) / (after.atSeconds - before.atSeconds);
}
