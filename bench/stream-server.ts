// One process that streams the test pattern by every transport, so that what streaming costs is the CPU time of it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { createAdmission, createFrameHub, mjpeg, testPattern } from "@millrace/streaming";
import { patternMarksScript } from "@millrace/streaming/testing";
import { firstValueFrom } from "rxjs";

/** What the parent may ask for; each is answered by a {@link ServerUse}. */
export type ServerRequest = "use";

/** What the process has used since it began. */
export interface ServerUse {
  readonly cpuSeconds: number;
  /** Seconds since it began. */
  readonly atSeconds: number;
  readonly rssBytes: number;
  readonly viewers: number;
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly bytesSent: number;
}

const av = nodeAv({ workers: 1 });
const hub = createFrameHub(testPattern({ width: 1280, height: 720, framerate: 30, sound: true }), {
  images: jpegTurbo(),
  video: av.videoEncoder,
  audio: av.audioEncoder,
});
const publications = {
  mjpeg: mjpeg().publish(hub, { admission: createAdmission({ maxViewers: 1_000 }) }),
};

const server = createServer((request, response) => {
  const [, name = "", ...rest] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
  const publication = publications[name as keyof typeof publications];
  if (publication) {
    void publication.handle(request, response, rest.length === 0 ? "" : `/${rest.join("/")}`);
    return;
  }
  response.setHeader("content-type", "text/html");
  response.end(`<!doctype html><script>${patternMarksScript}</script><body></body>`);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

process.on("message", async (_request: ServerRequest) => {
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const all = Object.values(publications).map(({ stats$ }) => firstValueFrom(stats$));
  const stats = await Promise.all(all);
  const sum = (field: "framesSent" | "framesDropped" | "bytesSent"): number =>
    stats.reduce((total, one) => total + one[field], 0);
  const use: ServerUse = {
    cpuSeconds,
    atSeconds: performance.now() / 1_000,
    rssBytes: process.memoryUsage.rss(),
    viewers: stats.reduce((total, { viewers }) => total + viewers.length, 0),
    framesSent: sum("framesSent"),
    framesDropped: sum("framesDropped"),
    bytesSent: sum("bytesSent"),
  };
  process.send?.(use);
});
process.on("disconnect", () => process.exit());
