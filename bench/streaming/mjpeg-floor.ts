// The floor of many viewers of MJPEG: one write of Node for each frame and viewer, always the same bytes, nothing else.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ProcessUse } from "./process-use.ts";

const [frameBytes = "0"] = process.argv.slice(2);
const FRAME_MS = 1_000 / 30;
const BOUNDARY = "floor";

const head = `--${BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n`;
const part = Buffer.alloc(Number(frameBytes), 1);
part.write(head);
const viewers = new Set<ServerResponse>();
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}` });
  viewers.add(response);
  response.on("close", () => viewers.delete(response));
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

let frame = 0;
const startedMs = performance.now();
const send = (): void => {
  // Who has not taken the last frame is left out, as the transport does it.
  for (const viewer of viewers) if (viewer.writableLength === 0) viewer.write(part);
  frame++;
  setTimeout(send, Math.max(0, startedMs + frame * FRAME_MS - performance.now()));
};
send();

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const use: ProcessUse = {
    cpuSeconds: (user + system) / 1e6,
    atSeconds: performance.now() / 1_000,
    rssBytes: process.memoryUsage.rss(),
  };
  process.send?.(use);
});
process.on("disconnect", () => process.exit());
