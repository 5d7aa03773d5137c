// One process that streams by every transport, so that what streaming costs is the CPU time of it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import {
  createAdmission,
  createFrameHub,
  mjpeg,
  type Publication,
  testPattern,
} from "@millrace/streaming";
import { nodeDataChannel } from "@millrace/streaming/node-datachannel";
import { patternMarksScript } from "@millrace/streaming/testing";
import { webrtc } from "@millrace/streaming/webrtc";
import { websocket } from "@millrace/streaming/websocket";
import { werift } from "@millrace/streaming/werift";
import { firstValueFrom } from "rxjs";
import { loopedEncoder, readLoop } from "./looped-encoder.ts";
import type { ProcessUse } from "./process-use.ts";
import { stillStream } from "./still-stream.ts";

/** What the process has used and done since it began; the answer to any message. */
export interface ServerUse extends ProcessUse {
  readonly viewers: number;
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly bytesSent: number;
}

/** What it is told: files with the page's script, and with chunks to send instead of encoding any. */
export interface ServerOptions {
  readonly page?: string;
  readonly loop?: string;
}

const { page, loop } = JSON.parse(process.argv[2] ?? "{}") as ServerOptions;
const av = nodeAv({ workers: 1 });
const stream =
  loop === undefined ? testPattern({ width: 1280, height: 720, framerate: 30 }) : stillStream();
// Without a scaler in native code a JPEG takes 150 ms, most of it for making RGB.
const hub = createFrameHub(stream, {
  images: jpegTurbo({ scaler: av.scaler }),
  video: loop === undefined ? av.videoEncoder : loopedEncoder(readLoop(loop)),
});
const admission = createAdmission({ maxViewers: 1_000, maxWaiting: 500 });
const renditions = [{ height: 720, bitrate: 1_800_000 }];
const overUdp = { admission, renditions };
const publications: Readonly<Record<string, Publication>> = {
  mjpeg: mjpeg().publish(hub, { admission }),
  websocket: websocket().publish(hub, { admission, renditions }),
  werift: webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] }).publish(hub, overUdp),
  "node-datachannel": webrtc({ peers: nodeDataChannel() }).publish(hub, overUdp),
};
const script = page === undefined ? "" : readFileSync(page, "utf8");

const server = createServer((request, response) => {
  const [, name = "", ...rest] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
  const publication = publications[name];
  if (publication) {
    void publication.handle(request, response, rest.length === 0 ? "" : `/${rest.join("/")}`);
    return;
  }
  if (name === "page.js") {
    response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    return;
  }
  response.setHeader("content-type", "text/html");
  response.end(
    `<!doctype html><script>${patternMarksScript}</script><script type=module src=/page.js></script><body></body>`,
  );
});
server.on("upgrade", (request, socket, head) => {
  publications["websocket"]?.upgrade?.(request, socket, head);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

process.on("message", async () => {
  const { user, system } = process.cpuUsage();
  const atSeconds = performance.now() / 1_000;
  const all = Object.values(publications).map(({ stats$ }) => firstValueFrom(stats$));
  const stats = await Promise.all(all);
  const sum = (field: "framesSent" | "framesDropped" | "bytesSent"): number =>
    stats.reduce((total, one) => total + one[field], 0);
  const use: ServerUse = {
    cpuSeconds: (user + system) / 1e6,
    atSeconds,
    rssBytes: process.memoryUsage.rss(),
    viewers: stats.reduce((total, { viewers }) => total + viewers.length, 0),
    framesSent: sum("framesSent"),
    framesDropped: sum("framesDropped"),
    bytesSent: sum("bytesSent"),
  };
  process.send?.(use);
});
// A worker that ends within a call of FFmpeg takes the process with it, loudly.
process.on("disconnect", () => void av.close().finally(() => process.exit()));
