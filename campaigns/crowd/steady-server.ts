// A server of its own: one hub by every transport under /steady, another one under /dying, and answers on what it holds.
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { LiveStream } from "@millrace/media";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { createFrameHub, mjpeg, type Publication, testPattern } from "@millrace/streaming";
import { webrtc } from "@millrace/streaming/webrtc";
import { websocket } from "@millrace/streaming/websocket";
import { werift } from "@millrace/streaming/werift";
import { firstValueFrom, Observable } from "rxjs";

/** What the parent asks for: what is held now, or that the source of `/dying` fails, which is answered alike. */
export type SteadyRequest = "holds" | "die";

/** What the process holds. */
export interface Holdings {
  /** Bytes behind a collection of garbage: of the heap, and of buffers outside of it. */
  readonly heapBytes: number;
  readonly viewers: number;
  /** Sockets that are open, by kind. */
  readonly tcp: number;
  readonly udp: number;
  readonly hasOpenFrames: boolean;
  readonly renditions: number;
  /** The most that any connection had waiting in this process, at any time that was looked at since the last request. */
  readonly mostQueuedBytes: number;
}

const QUEUES_LOOKED_AT_MS = 2;

// Small, so that what is measured is what viewers do to each other and not what the machine can encode.
const pattern = testPattern({ width: 320, height: 180, framerate: 30, noise: 0.1 });
let fail = (_: Error): void => {};
const mortal: LiveStream = {
  clock: pattern.clock,
  video$: new Observable((subscriber) => {
    fail = (error) => subscriber.error(error);
    return pattern.video$.subscribe(subscriber);
  }),
};
const media = nodeAv({ workers: 1 });
const images = jpegTurbo({ scaler: media.scaler });
const hubs = [pattern, mortal].map((stream) =>
  createFrameHub(stream, { images, video: media.videoEncoder, lingerMs: 0 }),
);
const publications = new Map<string, Publication>();
for (const [index, name] of ["steady", "dying"].entries()) {
  const hub = hubs[index];
  if (!hub) continue;
  publications.set(`${name}/mjpeg`, mjpeg().publish(hub, { stallMs: 3_000 }));
  publications.set(`${name}/websocket`, websocket().publish(hub));
  const peers = webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] });
  publications.set(
    `${name}/webrtc`,
    peers.publish(hub, { renditions: [{ height: 180, bitrate: 600_000 }] }),
  );
}
const found = (url = "/"): { publication: Publication | undefined; path: string } => {
  const [, hub, transport, ...rest] = (url.split("?", 1)[0] ?? "").split("/");
  const path = rest.length === 0 ? "" : `/${rest.join("/")}`;
  return { publication: publications.get(`${hub}/${transport}`), path };
};

const server = createServer((request, response) => {
  const { publication, path } = found(request.url);
  if (publication) void publication.handle(request, response, path);
  else response.writeHead(404).end();
});
server.on("upgrade", (request, socket, head) => {
  const { publication } = found(request.url);
  if (publication?.upgrade) publication.upgrade(request, socket, head);
  else socket.destroy();
});
const sockets = new Set<Socket>();
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
let mostQueuedBytes = 0;
setInterval(() => {
  for (const { writableLength } of sockets) {
    mostQueuedBytes = Math.max(mostQueuedBytes, writableLength);
  }
}, QUEUES_LOOKED_AT_MS);

async function holdings(): Promise<Holdings> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const kinds = process.getActiveResourcesInfo();
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  const lists = [...publications.values()].map(({ viewers$ }) => firstValueFrom(viewers$));
  const { heapUsed, external } = process.memoryUsage();
  const held: Holdings = {
    heapBytes: heapUsed + external,
    viewers: (await Promise.all(lists)).reduce((sum, { length }) => sum + length, 0),
    tcp: count("TCPSocketWrap"),
    udp: count("UDPWrap"),
    hasOpenFrames: hasOpenFrames(),
    renditions: hubs.reduce((sum, hub) => sum + hub.stats().renditions.length, 0),
    mostQueuedBytes,
  };
  mostQueuedBytes = 0;
  return held;
}

function hasOpenFrames(): boolean {
  try {
    expectNoOpenFrames();
    return false;
  } catch {
    return true;
  }
}

process.on("message", async (request: SteadyRequest) => {
  if (request === "die") fail(new Error("the camera is gone"));
  process.send?.(await holdings());
});
// A worker that ends within a call of FFmpeg takes the process with it, loudly.
process.on("disconnect", () => void media.close().finally(() => process.exit()));
process.on("uncaughtException", (error) => {
  console.error("the server of the crowd failed:", error);
  process.exit(1);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
