import { once } from "node:events";
import { createServer, request } from "node:http";

/** A way to a database that can be closed for samples, so that a load takes as long as a test needs. */
export interface DatabaseGate extends AsyncDisposable {
  readonly url: string;
  /** From now on samples wait; questions pass. */
  close(): void;
  /** Lets those that wait through, and all that follow. */
  open(): void;
}

/** Puts a gate before a database. */
export async function databaseGate(databaseUrl: string): Promise<DatabaseGate> {
  let shut = Promise.withResolvers<void>();
  shut.resolve();
  const server = createServer(async (incoming, answer) => {
    if (incoming.url?.includes("/import") || incoming.url?.includes("/write")) await shut.promise;
    const outgoing = request(
      new URL(incoming.url ?? "/", databaseUrl),
      { method: incoming.method ?? "GET", headers: incoming.headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    outgoing.on("error", () => answer.destroy());
    incoming.on("error", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      shut = Promise.withResolvers();
    },
    open() {
      shut.resolve();
    },
    async [Symbol.asyncDispose]() {
      shut.resolve();
      server.closeAllConnections();
      server.close();
    },
  };
}
