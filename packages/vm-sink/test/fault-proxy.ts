import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the proxy may do to a request that writes. */
export const writeFaults = [
  /** 503 without passing it on. */
  "busy",
  /** The connection breaks in the middle of the request, and nothing is passed on. */
  "reset-before",
  /** The database stores it, and the connection breaks instead of an answer. */
  "reset-after",
  /** The connection breaks at once, and the database gets it a little later. */
  "late",
  /** The database stores it, and a gateway says 504. */
  "gateway",
  /** The answer comes after a pause. */
  "slow",
] as const;
/** What it may do to a question. */
export const readFaults = ["busy", "reset-before", "truncate", "slow"] as const;

export type Fault = (typeof writeFaults)[number] | (typeof readFaults)[number];

/** A door in front of a database that fails on purpose. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** How often it did what. */
  readonly done: ReadonlyMap<string, number>;
  /** From now on everything passes. */
  calm(): void;
}

/** Longest time that a late request takes, and a slow answer. */
const LATE_MS = 300;

/**
 * Starts a proxy that damages some of what passes, as a seeded random says.
 *
 * @param target - base URL of the database, asked anew for each request, as it may move
 * @param random - 0 to 1
 * @param rate - share of requests that are damaged
 */
export async function startFaultProxy(
  target: () => string,
  random: () => number,
  rate: number,
): Promise<FaultProxy> {
  const done = new Map<string, number>();
  let calm = false;
  const pick = (faults: readonly Fault[]): Fault | undefined => {
    if (calm || random() >= rate) return undefined;
    const fault = faults[Math.floor(random() * faults.length)] as Fault;
    done.set(fault, (done.get(fault) ?? 0) + 1);
    return fault;
  };
  const server = createServer((incoming, outgoing) => {
    const isWrite = incoming.method === "POST" && /write|import/.test(incoming.url ?? "");
    const fault = pick(isWrite ? writeFaults : readFaults);
    void handle(incoming, outgoing, target(), fault, random()).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    calm: () => {
      calm = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  fault: Fault | undefined,
  amount: number,
): Promise<void> {
  if (fault === "reset-before") {
    incoming.once("data", () => incoming.socket.destroy());
    incoming.once("end", () => incoming.socket.destroy());
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (fault === "busy") {
    outgoing.writeHead(503, { connection: "close" }).end("busy, says the proxy");
    return;
  }
  if (fault === "late") {
    incoming.socket.destroy();
    await pause(amount * LATE_MS);
  }
  const answer = await passOn(incoming, Buffer.concat(chunks), target);
  if (fault === "late") return;
  if (fault === "reset-after") {
    incoming.socket.destroy();
    return;
  }
  if (fault === "gateway") {
    outgoing.writeHead(504).end("gateway timeout, says the proxy");
    return;
  }
  if (fault === "slow") await pause(amount * LATE_MS);
  const { "transfer-encoding": _chunked, connection: _hop, ...headers } = answer.headers;
  outgoing.writeHead(answer.status, { ...headers, "content-length": answer.body.length });
  if (fault === "truncate" && answer.body.length > 1) {
    outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length * amount)), () =>
      incoming.socket.destroy(),
    );
  } else outgoing.end(answer.body);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

function passOn(incoming: IncomingMessage, body: Buffer, target: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host: _host, ...headers } = incoming.headers;
    const outgoing = request(
      new URL(incoming.url ?? "/", target),
      { method: incoming.method ?? "GET", headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 500,
            headers: answer.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
