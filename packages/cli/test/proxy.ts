import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request: passed on, refused for now (503), refused for good (422), or never answered. */
export type Fate = "pass" | "refuse" | "break" | "hold";

const STATUS = { refuse: 503, break: 422 };

/** Something between the command and a real database that behaves badly on demand. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Bodies that arrived so far. */
  readonly posts: number;
  /** Value of the last `authorization` header. */
  readonly authorization: string | undefined;
  /** Settles when a request has been held. */
  readonly held: Promise<void>;
}

/** Tells of each path in turn whether it is what `--verify` asks for once the load has ended. */
export function verificationWatch(): (path: string) => boolean {
  let hasEnded = false;
  return (path) => {
    // The last thing that a load asks for.
    hasEnded ||= path.includes("/internal/resetRollupResultCache");
    return hasEnded && /\/api\/v1\/(?:query|export)/.test(path);
  };
}

/** What carries samples to the database; everything else asks it something. */
const IMPORTS = /\/api\/v1\/(?:import|write)/;

/**
 * Starts a proxy.
 *
 * @param fate - decides about each body of samples; the first one has number 1
 * @param fateOfQuestion - decides about each other request, by its path
 */
export async function startProxy(
  target: string,
  fate: (number: number) => Fate,
  fateOfQuestion: (path: string) => Fate | Promise<Fate> = () => "pass",
): Promise<Proxy> {
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
  const server = createServer(async (from, to) => {
    authorization = from.headers.authorization ?? authorization;
    const path = from.url ?? "";
    const isImport = IMPORTS.test(path);
    if (isImport) posts += 1;
    const decision = isImport ? fate(posts) : await fateOfQuestion(path);
    if (decision === "pass") pass(from, to);
    else if (decision === "hold") onHeld();
    else {
      from.resume();
      from.once("end", () => to.writeHead(STATUS[decision]).end());
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
