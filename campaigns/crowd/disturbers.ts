// Viewers who harm others where others can be harmed.

import { request as ask, get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  openUdpRelay,
  throughRelay,
  withoutCandidates,
} from "../../packages/streaming/test/network/udp-relay.ts";
import { openSocket, type SocketClient } from "../../packages/streaming/test/socket-client.ts";
import { joinWhep, whepOffer } from "../../packages/streaming/test/whep-client.ts";
import { malformedOffers } from "./malformed-offers.ts";
import { openNarrowRoad } from "./narrow-road.ts";

/** Ends what was begun. */
export type Stop = () => Promise<void>;

/** What a stream of the campaign's size takes at most, in bits a second. */
const FULL_BITRATE = { mjpeg: 2e6, webrtc: 0.6e6 };
const SLOW = 0.1;
/** A visit takes a second, and several where the machine is busy. */
const VISIT_MS = 30_000;

/** One viewer of each transport on a road of a tenth of what the stream takes. */
export async function slowViewers(base: string): Promise<Stop> {
  const stop = await tcpViewers(base, (FULL_BITRATE.mjpeg * SLOW) / 8);
  const relayed = await throughNarrowRoad(base, FULL_BITRATE.webrtc * SLOW);
  return async () => {
    await stop();
    await relayed();
  };
}

/** One viewer of each transport who takes nothing any more. */
export async function stalledViewers(base: string): Promise<Stop> {
  const stop = await tcpViewers(base, Number.POSITIVE_INFINITY, 200_000);
  const viewer = await joinWhep(`${base}/webrtc`, { codecs: ["H264"] });
  await viewer.connected();
  for (const { connection } of viewer.connection.iceTransports) await connection.close();
  return async () => {
    await stop();
    await viewer.connection.close();
  };
}

/** One viewer of MJPEG and one of the WebSocket, on a road of their own. */
async function tcpViewers(
  base: string,
  bytesPerSecond: number,
  untilBytes?: number,
): Promise<Stop> {
  const road = await openNarrowRoad(base, bytesPerSecond, untilBytes);
  get(`${road.url}/mjpeg`, { agent: false }, (response) => {
    response.on("error", () => {});
    response.resume();
  }).on("error", () => {});
  const { socket, closed } = await watchSocket(road.url);
  return async () => {
    await road[Symbol.asyncDispose]();
    socket.terminate();
    await closed;
  };
}

/** Comes over a WebSocket and asks for pictures. */
export async function watchSocket(base: string): Promise<SocketClient> {
  const client = await openSocket(`${base.replace("http", "ws")}/websocket`);
  client.socket.send(JSON.stringify({ type: "watch", codec: "jpeg" }));
  return client;
}

/**
 * `count` viewers come and go, four at once, one transport after another; half of those of WebRTC before they are
 * connected. Gives who did not get in, in words.
 */
export async function comeAndGo(base: string, count: number): Promise<readonly string[]> {
  const failures: string[] = [];
  const visits = [
    async () => {
      const response = await new Promise<IncomingMessage>((done, failed) => {
        get(`${base}/mjpeg`, { agent: false }, done).on("error", failed);
      });
      response.on("error", () => {});
      await new Promise((done) => response.once("data", done));
      response.destroy();
    },
    async () => {
      const client = await watchSocket(base);
      await client.until(1);
      client.socket.terminate();
    },
    async (at: number) => {
      const client = await joinWhep(`${base}/webrtc`, { codecs: ["H264"] });
      if (at % 2 === 0) await client.connected();
      await client.leave();
    },
  ];
  let next = 0;
  const come = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      try {
        await withinMs(VISIT_MS, visits[at % visits.length]?.(at));
      } catch (error) {
        failures.push(`visit ${at} over ${["MJPEG", "WebSocket", "WebRTC"][at % 3]}: ${error}`);
      }
    }
  };
  await Promise.all([come(), come(), come(), come()]);
  return failures;
}

async function withinMs(ms: number, work: Promise<void> | undefined): Promise<void> {
  const timeout = new AbortController();
  const late = sleep(ms, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`it was not in after ${ms} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    timeout.abort();
    late.catch(() => {});
  }
}

/** Sends offers that are damaged, eight at once; gives how often each status came, and what hung. */
export async function sendMalformed(
  base: string,
  seed: number,
  count: number,
): Promise<{ readonly statuses: ReadonlyMap<number, number>; readonly hung: number }> {
  const { connection, sdp } = await whepOffer(["H264"]);
  await connection.close();
  const offers = malformedOffers(sdp, seed, count);
  const statuses = new Map<number, number>();
  let hung = 0;
  const send = async (): Promise<void> => {
    for (const { method, path, contentType, body } of offers) {
      try {
        const response = await fetch(`${base}/webrtc${path}`, {
          method,
          headers: contentType === "" ? {} : { "content-type": contentType },
          ...(body !== "" && { body }),
          signal: AbortSignal.timeout(20_000),
        });
        await response.arrayBuffer();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      } catch {
        hung += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
  return { statuses, hung };
}

/** Bodies of `bytes` to everything that takes a body; gives how many were read to their ends by the server. */
export async function sendOversized(base: string, bytes: number, count: number): Promise<number> {
  const piece = Buffer.alloc(65_536, "v=0\r\n");
  let taken = 0;
  for (let at = 0; at < count; at++) {
    const path = ["/webrtc", "/webrtc/offer", "/mjpeg", "/websocket"][at % 4] as string;
    const contentType = at % 8 < 4 ? "application/sdp" : "application/json";
    let sent = 0;
    await new Promise<void>((done) => {
      const headers = { "content-type": contentType };
      const asked = ask(`${base}${path}`, { method: "POST", headers, agent: false });
      const give = (): void => {
        while (sent < bytes) {
          sent += piece.length;
          if (!asked.write(piece)) {
            asked.once("drain", give);
            return;
          }
        }
        asked.end();
      };
      // One that streams to whoever posts would never end.
      const timer = setTimeout(() => asked.destroy(), 2_000);
      asked.on("response", (response) => {
        response.on("error", () => {});
        response.destroy();
      });
      asked.on("error", () => {});
      asked.on("close", () => {
        clearTimeout(timer);
        done();
      });
      give();
    });
    if (sent >= bytes) taken += 1;
  }
  return taken;
}

async function throughNarrowRoad(base: string, bitrate: number): Promise<Stop> {
  const relay = await openUdpRelay({
    steps: [{ fromMs: 0, bitrate }],
    untilMs: Number.POSITIVE_INFINITY,
    rttMs: 20,
    lossRatio: 0,
    lossBurst: 1,
    backLossRatio: 0,
    queueMs: 300,
    jitterMs: 0,
    maxBitrate: FULL_BITRATE.webrtc,
    seed: 1,
  });
  const { connection, sdp } = await whepOffer(["H264"]);
  const answer = await fetch(`${base}/webrtc`, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: withoutCandidates(sdp),
  });
  const road = throughRelay(await answer.text(), relay.port);
  relay.connect(road.address, road.port);
  await connection.setRemoteDescription({ type: "answer", sdp: road.sdp });
  relay.begin();
  return async () => {
    await connection.close();
    await relay[Symbol.asyncDispose]();
  };
}
