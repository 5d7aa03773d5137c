import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import type { CameraHosts } from "./camera-hosts.ts";

/** A proxy on loopback that leads to cameras, and nowhere else. */
export interface CameraProxy extends AsyncDisposable {
  readonly url: string;
}

/**
 * Opens a proxy for the program that reads one camera. What an answer leads to, such as a redirect or the pieces of a
 * playlist, is asked for here, too, and each host is looked at when it is connected to.
 *
 * @param refuse - told why something is not let through
 */
export async function openCameraProxy(
  hosts: CameraHosts,
  refuse: (why: unknown) => void,
): Promise<CameraProxy> {
  const find: Find = async (url, usual) => {
    const port = Number(url.port || usual);
    try {
      const { address } = await hosts.resolve(url.hostname, port);
      return { host: address, port };
    } catch (error) {
      refuse(error);
      return undefined;
    }
  };
  const server = createServer((asked, answer) => void forward(asked, answer, find));
  const tunnels = new Set<Duplex>();
  server.on("connect", (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
    tunnels.add(socket);
    socket.once("close", () => tunnels.delete(socket));
    socket.on("error", () => {});
    void tunnel(asked.url ?? "", socket, head, find);
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", done);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of tunnels) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** Where a host is connected to; undefined where it may not be. */
type Find = (
  url: URL,
  usualPort: number,
) => Promise<{ readonly host: string; readonly port: number } | undefined>;

async function forward(asked: IncomingMessage, answer: ServerResponse, find: Find): Promise<void> {
  const url = URL.canParse(asked.url ?? "") ? new URL(asked.url ?? "") : undefined;
  if (url?.protocol !== "http:") {
    answer.writeHead(400).end();
    return;
  }
  const camera = await find(url, 80);
  if (!camera) {
    answer.writeHead(403).end();
    return;
  }
  const { "proxy-authorization": _, ...headers } = asked.headers;
  const sent = request({
    ...{ ...camera, method: asked.method, path: `${url.pathname}${url.search}` },
    headers: { ...headers, host: url.host },
    agent: false,
  });
  const fail = (): void => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502).end();
  };
  sent.on("response", (came) => {
    try {
      answer.writeHead(came.statusCode ?? 502, came.headers);
    } catch {
      // A camera may say what no server may.
      sent.destroy();
      fail();
      return;
    }
    pipeline(came, answer, () => {});
  });
  sent.on("error", fail);
  // Nothing has come, or what is no HTTP any more.
  sent.on("close", () => {
    if (!answer.headersSent) fail();
  });
  answer.once("close", () => sent.destroy());
  pipeline(asked, sent, () => {});
}

/** What is encrypted is passed on unread. */
async function tunnel(authority: string, socket: Duplex, head: Buffer, find: Find): Promise<void> {
  const url = URL.canParse(`https://${authority}`) ? new URL(`https://${authority}`) : undefined;
  const found = url && (await find(url, 443));
  if (!found) {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    return;
  }
  // Whoever asked may have left meanwhile, and would not end what is begun now.
  if (socket.destroyed) return;
  const camera = connect(found, () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    camera.write(head);
    pipeline(socket, camera, socket, () => {});
  });
  camera.once("error", () => socket.destroy());
  socket.once("close", () => camera.destroy());
}
