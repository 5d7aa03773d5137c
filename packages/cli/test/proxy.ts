import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a body: passed on, answered with 204 and dropped, refused with 503, or never answered. */
export type Fate = "pass" | "swallow" | "refuse" | "hold";

/** Something between the command and a real database that behaves badly on demand. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Bodies that arrived so far. */
  readonly posts: number;
  /** Value of the last `authorization` header. */
  readonly authorization: string | undefined;
  /** Settles when a body has been held. */
  readonly held: Promise<void>;
}

/** Starts a proxy; `fate` decides about each body, the first one has number 1. */
export async function startProxy(target: string, fate: (number: number) => Fate): Promise<Proxy> {
  let posts = 0;
  let authorization: string | undefined;
  let onHeld = (): void => {};
  const held = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  const pass = (from: IncomingMessage, to: ServerResponse): void => {
    const { method, headers } = from;
    const onward = request(`${target}${from.url}`, { method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    onward.on("error", () => to.destroy());
    from.pipe(onward);
  };
  const server = createServer((from, to) => {
    authorization = from.headers.authorization ?? authorization;
    if (from.method !== "POST") {
      pass(from, to);
      return;
    }
    posts += 1;
    const decision = fate(posts);
    if (decision === "pass") pass(from, to);
    else if (decision === "hold") onHeld();
    else {
      from.resume();
      from.once("end", () => to.writeHead(decision === "swallow" ? 204 : 503).end());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get posts() {
      return posts;
    },
    get authorization() {
      return authorization;
    },
    held,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
