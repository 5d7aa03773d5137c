import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createBottleneck } from "./bottleneck.ts";
import type { Scenario } from "./scenarios.ts";

/** A real road of UDP over loopback that treats packets as the model says, in both directions. */
export interface UdpRelay extends AsyncDisposable {
  /** What the viewer is to be given as the only candidate, on 127.0.0.1. */
  readonly port: number;
  /** Where packets of the viewer go: an address that the sender listens on. */
  connect(address: string, port: number): void;
  /** The time of the scenario begins anew: its first step holds now. Until then the road is wide and loses nothing. */
  begin(): void;
  /** What came to the viewer since the beginning: payloads of UDP, repetitions included. */
  readonly delivered: readonly { readonly atMs: number; readonly sizeBytes: number }[];
  /** Towards the viewer. */
  readonly dropped: number;
  readonly lost: number;
}

/** Opens a relay; nothing passes before it is connected. */
export async function openUdpRelay(scenario: Scenario): Promise<UdpRelay> {
  const delayMs = scenario.rttMs / 2;
  const open = { ...scenario, delayMs, lossRatio: 0, queueMs: 1_000 };
  const wide = [{ fromMs: 0, bitrate: 1e9 }];
  const sockets: readonly [Socket, Socket] = [createSocket("udp4"), createSocket("udp4")];
  const [toViewer, toSender] = sockets;
  for (const socket of sockets) {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.on("error", () => {});
  }
  let viewer: { address: string; port: number } | undefined;
  let sender: { address: string; port: number } | undefined;
  let delivered: { atMs: number; sizeBytes: number }[] = [];
  let startedMs = performance.now();
  let down = createBottleneck({ ...open, steps: wide });
  let up = createBottleneck({ ...open, steps: wide, seed: scenario.seed + 500 });

  /** Packets arrive in the order in which they were sent, so that one timer for each direction is enough. */
  const queue = (deliver: (packet: Buffer) => void) => {
    const waiting: { packet: Buffer; atMs: number }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const run = (): void => {
      timer = undefined;
      for (;;) {
        const first = waiting[0];
        if (!first) return;
        const leftMs = first.atMs - performance.now();
        if (leftMs > 0.5) {
          timer = setTimeout(run, leftMs);
          return;
        }
        waiting.shift();
        deliver(first.packet);
      }
    };
    return {
      put(packet: Buffer, atMs: number): void {
        waiting.push({ packet, atMs });
        timer ??= setTimeout(run, Math.max(0, atMs - performance.now()));
      },
      stop: () => clearTimeout(timer),
    };
  };
  const downQueue = queue((packet) => {
    delivered.push({ atMs: performance.now() - startedMs, sizeBytes: packet.length });
    if (viewer) toViewer.send(packet, viewer.port, viewer.address);
  });
  const upQueue = queue((packet) => {
    if (sender) toSender.send(packet, sender.port, sender.address);
  });
  toViewer.on("message", (packet, { address, port }) => {
    viewer = { address, port };
    const arriveMs = up.offer(packet.length, performance.now() - startedMs);
    if (arriveMs !== null) upQueue.put(packet, startedMs + arriveMs);
  });
  toSender.on("message", (packet) => {
    const arriveMs = down.offer(packet.length, performance.now() - startedMs);
    if (arriveMs !== null) downQueue.put(packet, startedMs + arriveMs);
  });

  return {
    port: (toViewer.address() as AddressInfo).port,
    connect(address, port) {
      sender = { address, port };
    },
    begin() {
      delivered = [];
      startedMs = performance.now();
      down = createBottleneck({ ...scenario, delayMs });
      up = createBottleneck({
        ...open,
        lossRatio: scenario.backLossRatio,
        lossBurst: 1,
        steps: wide,
        seed: scenario.seed + 500,
      });
    },
    get delivered() {
      return delivered;
    },
    get dropped() {
      return down.dropped;
    },
    get lost() {
      return down.lost;
    },
    async [Symbol.asyncDispose]() {
      downQueue.stop();
      upQueue.stop();
      await Promise.all(
        sockets.map(async (socket) => await new Promise<void>((done) => socket.close(done))),
      );
    },
  };
}

/** An offer without candidates, so that its maker can only be reached through where it sends from. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate:|end-of-candidates).*\r?\n/gm, "");
}

/** An answer whose only candidate is a port of a relay; and the address that it had on loopback. */
export function throughRelay(
  sdp: string,
  relayPort: number,
): { readonly sdp: string; readonly address: string; readonly port: number } {
  const own = /^a=candidate:\S+ 1 udp \d+ (127\.0\.0\.1) (\d+) typ host/im.exec(sdp);
  if (!own) throw new Error(`There is no candidate of 127.0.0.1 over UDP in:\n${sdp}`);
  const only = `a=candidate:1 1 udp 2130706431 127.0.0.1 ${relayPort} typ host\r\na=end-of-candidates\r\n`;
  const bare = withoutCandidates(sdp).replace(/(^a=ice-ufrag:.*\r?\n)/gm, `${only}$1`);
  return { sdp: bare, address: own[1] as string, port: Number(own[2]) };
}
