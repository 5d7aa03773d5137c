import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, passOn } from "./pass-on.ts";
import type { SteppedClock } from "./stepped-clock.ts";

/** What the proxy may do to a request. */
export type Fault =
  /** 503 without passing it on. */
  | "busy"
  /** The connection breaks in the middle of the request, and nothing is passed on. */
  | "reset-before"
  /** The database stores it, and the connection breaks instead of an answer. */
  | "reset-after"
  /** The connection breaks at once, and the database gets it a little later. */
  | "late"
  /** The database stores it, and a gateway says 504. */
  | "gateway"
  /** The answer comes after a pause. */
  | "slow"
  /** For seconds nothing moves: the request, the answer, or the answer's second half. */
  | "stall"
  /** No answer ever comes; the database gets it, or does not. */
  | "hang"
  /** Half of an answer, and the connection breaks. */
  | "truncate"
  /** The database gets it twice, over two connections. */
  | "duplicate";

/** What may happen to a request that writes, and to a question, where nobody says otherwise. */
export const writeFaults: readonly Fault[] = [
  "busy",
  "reset-before",
  "reset-after",
  "late",
  "gateway",
  "slow",
  "stall",
];
export const readFaults: readonly Fault[] = ["busy", "reset-before", "truncate", "slow", "stall"];

/** A door in front of a database that fails on purpose. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** How often it did what. */
  readonly done: ReadonlyMap<string, number>;
  /** Requests that write, so far. */
  readonly writes: number;
  /** Requests that are not through: method, path, and the fault that they met. */
  readonly underWay: readonly string[];
  /** Calls back once, at the arrival of a request that writes, after so many more of them. */
  afterWrites(more: number, callback: () => void): void;
  /** Keeps everything that writes waiting, from the request that arrives just now on. */
  hold(): void;
  release(): void;
  /** From now on everything passes; settles when the database has answered all that was passed on. */
  calm(): Promise<void>;
}

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** Base URL of the database, asked anew for each request, as it may move. */
  readonly target: () => string;
  /** 0 to 1. */
  readonly random: () => number;
  /** Share of requests that are damaged. */
  readonly rate: number;
  readonly writeFaults?: readonly Fault[];
  readonly readFaults?: readonly Fault[];
  /** Most faults of all. @defaultValue no limit */
  readonly most?: number;
  /** Tells the time in answers. */
  readonly clock?: SteppedClock | undefined;
}

/** Longest time that a late request takes, and a slow answer. */
const LATE_MS = 300;
/** How much later the second of two equal requests may come. */
const TWIN_MS = 50;
const STALL_MS = { least: 800, most: 3_000 };

/** Starts a proxy that damages some of what passes, as a seeded random says. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, random, rate, most = Number.POSITIVE_INFINITY, clock } = options;
  const done = new Map<string, number>();
  const underWay = new Map<Promise<void>, () => string>();
  let [writes, faults, isCalm] = [0, 0, false];
  let callbacks: { readonly at: number; readonly callback: () => void }[] = [];
  let held: { readonly gate: Promise<void>; readonly open: () => void } | undefined;

  const pick = (from: readonly Fault[]): Fault | undefined => {
    if (isCalm || faults >= most || from.length === 0 || random() >= rate) return undefined;
    const fault = from[Math.floor(random() * from.length)] as Fault;
    faults += 1;
    done.set(fault, (done.get(fault) ?? 0) + 1);
    return fault;
  };
  const arrive = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    tell: (fault: Fault | undefined) => void,
  ): Promise<void> => {
    const { url = "" } = incoming;
    const isWrite = incoming.method === "POST" && /write|import/.test(url);
    const fault = pick(
      isWrite ? (options.writeFaults ?? writeFaults) : (options.readFaults ?? readFaults),
    );
    tell(fault);
    const amount = random();
    if (isWrite) {
      writes += 1;
      const due = callbacks.filter(({ at }) => at <= writes);
      callbacks = callbacks.filter(({ at }) => at > writes);
      for (const { callback } of due) callback();
    }
    if (isWrite || url.startsWith("/snapshot/create")) await held?.gate;
    await handle(incoming, outgoing, { target: target(), fault, amount, clock });
  };
  const server = createServer((incoming, outgoing) => {
    let met: Fault | undefined;
    const handled = arrive(incoming, outgoing, (fault) => {
      met = fault;
    })
      .catch(() => void outgoing.destroy())
      .finally(() => underWay.delete(handled));
    underWay.set(handled, () => [incoming.method, incoming.url, met].filter(Boolean).join(" "));
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    get writes() {
      return writes;
    },
    get underWay() {
      return [...underWay.values()].map((describe) => describe());
    },
    afterWrites(more, callback) {
      callbacks.push({ at: writes + more, callback });
    },
    hold() {
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      held ??= { gate, open };
    },
    release() {
      held?.open();
      held = undefined;
    },
    async calm() {
      isCalm = true;
      callbacks = [];
      held?.open();
      held = undefined;
      await Promise.all(underWay.keys());
    },
    async [Symbol.asyncDispose]() {
      held?.open();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Handling {
  readonly target: string;
  readonly fault: Fault | undefined;
  /** 0 to 1: how much of it. */
  readonly amount: number;
  readonly clock: SteppedClock | undefined;
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { target, fault, amount, clock }: Handling,
): Promise<void> {
  if (fault === "reset-before") {
    incoming.once("data", () => incoming.socket.destroy());
    incoming.once("end", () => incoming.socket.destroy());
    return;
  }
  const stallMs = STALL_MS.least + amount * (STALL_MS.most - STALL_MS.least);
  const stalled = fault === "stall" ? STALLED[Math.floor(amount * 97) % STALLED.length] : undefined;
  if (stalled === "request") await pause(stallMs);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (fault === "busy") {
    outgoing.writeHead(503, { connection: "close" }).end("busy, says the proxy");
    return;
  }
  if (fault === "hang" && amount < 0.5) return;
  if (fault === "late") {
    incoming.socket.destroy();
    await pause(amount * LATE_MS);
  }
  const first = passOn(incoming, body, target);
  const twin =
    fault === "duplicate"
      ? pause(amount * TWIN_MS).then(() => passOn(incoming, body, target))
      : undefined;
  twin?.catch(() => {});
  const answer = await first;
  if (fault === "late" || fault === "hang") return;
  if (fault === "reset-after") {
    incoming.socket.destroy();
    return;
  }
  if (fault === "gateway") {
    outgoing.writeHead(504).end("gateway timeout, says the proxy");
    return;
  }
  if (fault === "slow") await pause(amount * LATE_MS);
  if (stalled === "answer") await pause(stallMs);
  await reply(incoming, outgoing, answer, { fault, amount, clock, stalled, stallMs });
  await twin?.catch(() => {});
}

const STALLED = ["request", "answer", "half"] as const;

interface Replying extends Omit<Handling, "target"> {
  readonly stalled: (typeof STALLED)[number] | undefined;
  readonly stallMs: number;
}

async function reply(
  { url = "", socket }: IncomingMessage,
  outgoing: ServerResponse,
  answer: Answer,
  { fault, amount, clock, stalled, stallMs }: Replying,
): Promise<void> {
  const { "transfer-encoding": _chunked, connection: _hop, ...headers } = answer.headers;
  let { body } = answer;
  if (clock !== undefined) {
    if (headers.date !== undefined) headers.date = clock.date(headers.date);
    if (url.startsWith("/metrics")) body = Buffer.from(clock.page(body.toString()));
  }
  outgoing.writeHead(answer.status, { ...headers, "content-length": body.length });
  if (fault === "truncate" && body.length > 1) {
    outgoing.write(body.subarray(0, Math.floor(body.length * amount)), () => socket.destroy());
    return;
  }
  if (stalled === "half" && body.length > 1) {
    outgoing.write(body.subarray(0, body.length >> 1));
    await pause(stallMs);
    outgoing.end(body.subarray(body.length >> 1));
  } else outgoing.end(body);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
