import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser } from "playwright-core";
import { firstValueFrom } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectTrueFrames,
  openPlayPage,
  PLAY_PAGE,
  pageScript,
  printAges,
} from "../../test/browser/play-page.ts";
import { missingBrowser, startBrowser } from "../../test/stream-page.ts";
import { missingTurnServer, startTurnServer, type TurnServer } from "../../test/turn-server.ts";
import { addressOf, joinWhep } from "../../test/whep-client.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { nodeDataChannel } from "../node-datachannel/node-datachannel.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { werift } from "../werift/werift.ts";
import { webrtc } from "./webrtc.ts";
import { publishWhip } from "./whip/publish-whip.ts";
import { createWhipIngest } from "./whip/whip-ingest.ts";

const missing = missingTurnServer ?? missingBrowser;
if (missing !== undefined) console.warn(`skipped: ${missing}`);

const size = { width: 320, height: 180 };
const hostAddresses = ["127.0.0.1"];

describe.skipIf(missing !== undefined).each([
  ["werift", werift, ["", "?transport=udp", "?transport=tcp"]],
  ["node-datachannel", nodeDataChannel, []],
] as const)("over TURN, with %s", { timeout: 90_000 }, (name, peers, forms) => {
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ ...size, framerate: 15 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  let turn: TurnServer;
  let browser: Browser;
  let server: Server;
  let script: string;
  let handle: ReturnType<ReturnType<typeof webrtc>["publish"]>["handle"];

  beforeAll(async () => {
    [turn, browser, script] = await Promise.all([startTurnServer(), startBrowser(), pageScript()]);
    server = createServer((request, response) => {
      if (/^\/whi?[ep]p?/.test(request.url ?? "")) void handle(request, response);
      else if (request.url === "/page.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(script);
      } else response.writeHead(200, { "content-type": "text/html" }).end(PLAY_PAGE);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await hub.close();
    server?.closeAllConnections();
    server?.close();
    await media.close();
    await turn?.[Symbol.asyncDispose]();
    expectNoOpenFrames();
  });

  it("a page that may go no other way shows frames in order, with the server that it is told of", async () => {
    await using publication = webrtc({ peers: peers(), hostAddresses }).publish(hub, {
      viewerIceServers: [turn.iceServer],
    });
    ({ handle } = publication);
    const page = await openPlayPage(browser, `${addressOf(server)}/`);
    const id = await page.call("play", { kind: "webrtc", url: "/whep", isRelayed: true });
    const seen = await page.watch(id, 30);
    expectTrueFrames(seen, size, true);
    printAges("over TURN", seen);
    const states = (await page.call("states", id)).map((state) => state.split(":")[0]);
    expect(states, "told of at the first attempt").toEqual(["reconnecting", "live"]);
    await page.page.close();
  });

  it.each(forms)("viewers are served by one who has no other road: turn:…%s", async (form) => {
    const iceServers = [{ ...turn.iceServer, urls: `${turn.iceServer.urls}${form}` }];
    await using publication = webrtc({
      peers: peers(),
      iceServers,
      iceTransportPolicy: "relay",
    }).publish(hub);
    ({ handle } = publication);
    const client = await joinWhep(`${addressOf(server)}/whep`);
    const candidates = client.answer.match(/^a=candidate:.*$/gm) ?? [];
    expect(candidates.length).toBeGreaterThan(0);
    for (const candidate of candidates) expect(candidate).toContain(" typ relay ");
    await expect.poll(() => client.packets.video).toBeGreaterThan(100);
    await client.leave();
  });

  it("one that would go other ways too is refused", () => {
    const make = () =>
      webrtc({ peers: peers(), iceServers: [turn.iceServer], iceTransportPolicy: "relay" });
    if (name === "werift") expect(make).not.toThrow();
    else expect(make).toThrow(/node-datachannel would go other ways too; use werift\(\)/);
  });

  it("a stream is published by one who has a relay", async () => {
    await using ingest = createWhipIngest({ peers: peers(), hostAddresses });
    ({ handle } = ingest);
    await using _ = publishWhip(hub, {
      url: `${addressOf(server)}/whip`,
      peers: peers(),
      iceServers: [turn.iceServer],
      iceTransportPolicy: name === "werift" ? "relay" : "all",
    });
    await expect.poll(async () => (await firstValueFrom(ingest.publishers$)).length).toBe(1);
    const [publisher] = await firstValueFrom(ingest.publishers$);
    let frames = 0;
    const decoded = publisher?.decode(media.decoder).video$.subscribe(() => frames++);
    await expect.poll(() => frames, { timeout: 30_000 }).toBeGreaterThan(20);
    decoded?.unsubscribe();
  });

  it("servers that say nothing do not keep viewers out", async () => {
    await using silent = await silentServer();
    await using publication = webrtc({
      peers: peers(),
      hostAddresses,
      iceServers: [
        { ...turn.iceServer, urls: `turn:127.0.0.1:${silent.port}` },
        { urls: `stun:127.0.0.1:${silent.port}` },
      ],
    }).publish(hub);
    ({ handle } = publication);
    const began = performance.now();
    const client = await joinWhep(`${addressOf(server)}/whep`);
    // Libraries wait for 5 and 14 seconds by themselves.
    expect(performance.now() - began).toBeLessThan(4_500);
    await expect.poll(() => client.packets.video).toBeGreaterThan(20);
    await client.leave();
  });

  it("a server that answers when the viewer has gone leaves no socket behind", async () => {
    await using late = await lateRoad(turn.port, 2_500);
    await using publication = webrtc({
      peers: peers(),
      hostAddresses,
      iceServers: [{ ...turn.iceServer, urls: `turn:127.0.0.1:${late.port}` }],
    }).publish(hub);
    ({ handle } = publication);
    const sockets = (): number => openSockets() - late.sockets();
    const [before, allocations] = [sockets(), turn.allocations()];
    const client = await joinWhep(`${addressOf(server)}/whep`);
    await client.leave();
    // The server answers twice: that it wants a login, and with the relay.
    await sleep(6_500);
    // The other library stops asking when it is closed.
    if (name === "werift") expect(turn.allocations()).toBeGreaterThan(allocations);
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });
});

/** A port that takes all that comes and says nothing, over UDP and TCP. */
async function silentServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const tcp = createTcpServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4").bind(port, "127.0.0.1");
  await once(udp, "listening");
  return {
    port,
    async [Symbol.asyncDispose]() {
      udp.close();
      for (const socket of sockets) socket.destroy();
      tcp.close();
    },
  };
}

/** A road to a port on which answers take their time. */
async function lateRoad(
  port: number,
  delayMs: number,
): Promise<AsyncDisposable & { readonly port: number; sockets(): number }> {
  const road = createSocket("udp4").bind(0, "127.0.0.1");
  await once(road, "listening");
  const beyond = new Map<number, ReturnType<typeof createSocket>>();
  const timers = new Set<NodeJS.Timeout>();
  road.on("message", (data, { port: from }) => {
    const known = beyond.get(from);
    const socket = known ?? createSocket("udp4");
    beyond.set(from, socket);
    if (!known) {
      socket.on("message", (answer) => {
        timers.add(setTimeout(() => road.send(answer, from, "127.0.0.1"), delayMs));
      });
    }
    socket.send(data, port, "127.0.0.1");
  });
  return {
    port: road.address().port,
    sockets: () => 1 + beyond.size,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of [road, ...beyond.values()]) socket.close();
    },
  };
}

/** UDP sockets of this process, by the tables of Linux. */
function openSockets(): number {
  const held = readdirSync("/proc/self/fd").map((name) => {
    try {
      return /^socket:\[(\d+)\]/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1];
    } catch {
      return undefined;
    }
  });
  const udp = new Set(
    readFileSync("/proc/net/udp", "latin1")
      .split("\n")
      .map((line) => line.trim().split(/\s+/)[9]),
  );
  return held.filter((inode) => inode !== undefined && udp.has(inode)).length;
}
