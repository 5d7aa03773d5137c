import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Publication } from "../transport.ts";

/** A publication behind a server of its own. */
export interface LoopbackServer {
  /** Where the publication is. */
  readonly url: string;
  /** What `handle` or `upgrade` threw, which they never should. */
  readonly failures: readonly unknown[];
  /** Asks for something below it; gives the status, and does not wait for the rest. */
  ask(method: string, path: string, body: string): Promise<number>;
  /** Asks as a page of an origin would: for an upgrade to a WebSocket, or what may be asked. Gives the status. */
  askFrom(origin: string, isUpgrade: boolean): Promise<number>;
  /** Asks for an upgrade to what nobody knows, and hangs up. */
  upgradeJunk(path: string): Promise<void>;
  /** Asks for the stream and hangs up without reading. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

const BASE = "/live";
const UPGRADE = {
  ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

/** Serves a publication on loopback, at a port that the system picks. */
export async function serveOnLoopback(publication: Publication): Promise<LoopbackServer> {
  const failures: unknown[] = [];
  const below = (url = ""): string | undefined =>
    url.startsWith(BASE) ? url.slice(BASE.length).split("?", 1)[0] : undefined;
  const server = createServer((request, response) => {
    const path = below(request.url);
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    publication.handle(request, response, path).catch((error: unknown) => failures.push(error));
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    try {
      if (publication.upgrade) publication.upgrade(request, socket, head);
      else socket.destroy();
    } catch (error) {
      failures.push(error);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const hangUp = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(text);
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
  return {
    url: `http://127.0.0.1:${port}${BASE}`,
    failures,
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = { "content-type": "application/octet-stream" };
        const asked = httpRequest(
          { port, host: "127.0.0.1", method, path: BASE + path, headers, agent: false },
          (response) => {
            response.on("error", () => {});
            response.destroy();
            resolve(response.statusCode ?? 0);
          },
        );
        asked.on("error", reject);
        asked.end(body);
      }),
    askFrom: (origin, isUpgrade) =>
      new Promise((resolve, reject) => {
        const asked = httpRequest({
          ...{ port, host: "127.0.0.1", path: BASE, agent: false },
          method: isUpgrade ? "GET" : "OPTIONS",
          headers: { origin, ...(isUpgrade && UPGRADE) },
        });
        const answered = (response: IncomingMessage): void => {
          response.socket.destroy();
          resolve(response.statusCode ?? 0);
        };
        asked.on("response", answered).on("upgrade", answered).on("error", reject).end();
      }),
    upgradeJunk: (path) =>
      hangUp(
        `GET ${BASE}${path} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: junk\r\n\r\n`,
      ),
    abandon: () => hangUp(`GET ${BASE} HTTP/1.1\r\nHost: x\r\n\r\n`),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
