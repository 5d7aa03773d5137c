import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { MillraceError } from "@millrace/core";
import type { Answers, FromWorker, Request, ToWorker, WorkerStart } from "./protocol.ts";

/** A worker thread that answers requests. */
export interface PoolWorker {
  /** Sends a request; a worker that dies rejects with INTERNAL. */
  call<Kind extends Request["kind"]>(
    request: Extract<Request, { kind: Kind }>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<Answers[Kind]>;
  /** Gives the memory of a frame back. */
  recycle(memory: SharedArrayBuffer): void;
  /** Decoders and encoders that it holds. */
  tenants: number;
  /** Requests that it has not answered. */
  readonly pending: number;
}

/** Worker threads, started as they are needed. */
export interface WorkerPool {
  /**
   * The worker with the fewest decoders and encoders, or a new one.
   *
   * @throws MillraceError CLOSED when the pool is closed
   */
  forTenant(): PoolWorker;
  /**
   * The worker with the fewest requests, or a new one.
   *
   * @throws MillraceError CLOSED when the pool is closed
   */
  forRequest(): PoolWorker;
  /** Ends every worker; what waits for one is rejected. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Makes a pool.
 *
 * @param size - how many workers it has at most
 * @param start - what each is told
 */
export function workerPool(size: number, start: WorkerStart): WorkerPool {
  const workers = new Set<StartedWorker>();
  let closed = false;
  function least(load: (worker: PoolWorker) => number): PoolWorker {
    if (closed) throw new MillraceError("CLOSED", "node-av: the driver is closed; make another.");
    const [idlest] = [...workers].sort((a, b) => load(a) - load(b));
    if (idlest && (load(idlest) === 0 || workers.size >= size)) return idlest;
    const started = startWorker(start, () => workers.delete(started));
    workers.add(started);
    return started;
  }
  return {
    // A tenant stays where it is opened, and what a worker does at the moment says little about later.
    forTenant: () => least(({ tenants }) => tenants),
    forRequest: () => least(({ pending }) => pending),
    async close() {
      closed = true;
      await Promise.all([...workers].map((worker) => worker.end()));
    },
  };
}

interface StartedWorker extends PoolWorker {
  end(): Promise<void>;
}

/** A call may take long, such as the decoding of a group of pictures; one that takes longer hangs. */
const LEAVE_MS = 5_000;

function startWorker(start: WorkerStart, gone: () => void): StartedWorker {
  const url = workerUrl();
  const thread = new Worker(url, {
    workerData: start,
    name: "millrace-node-av",
    // A worker has the conditions of the command line only, not those of a loader in the process.
    ...(url.pathname.endsWith(".ts") && { execArgv: ["--conditions=@millrace/source"] }),
  });
  const waiting = new Map<number, Waiting>();
  let sent = 0;
  let death: MillraceError | undefined;
  // Only calls that wait keep the process alive.
  thread.unref();
  const die = (error: MillraceError): void => {
    if (death) return;
    death = error;
    gone();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  thread.on("message", (message: FromWorker) => {
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (waiting.size === 0) thread.unref();
    if ("failure" in message) {
      waiter?.reject(new MillraceError(message.failure.code, message.failure.message));
    } else {
      waiter?.resolve(message.value as never);
    }
  });
  thread.on("error", (cause) =>
    die(new MillraceError("INTERNAL", `node-av: a worker failed: ${String(cause)}`, { cause })),
  );
  const left = Promise.withResolvers<void>();
  thread.on("exit", (status) => {
    left.resolve();
    die(
      new MillraceError(
        "INTERNAL",
        `node-av: a worker ended (status ${status}), and its decoders with it; open them again.`,
      ),
    );
  });
  return {
    tenants: 0,
    get pending() {
      return waiting.size;
    },
    call(request, transfer = []) {
      if (death) return Promise.reject(death);
      sent += 1;
      const id = sent;
      const message: ToWorker = { ...request, id };
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        thread.ref();
        thread.postMessage(message, transfer);
      });
    },
    recycle(memory) {
      if (!death) thread.postMessage({ kind: "recycle", memory } satisfies ToWorker);
    },
    async end() {
      die(new MillraceError("CLOSED", "node-av: the driver was closed."));
      // A thread that is cut off within native code may take the process with it: it leaves between two calls.
      thread.ref();
      thread.postMessage({ kind: "end" } satisfies ToWorker);
      const cut = setTimeout(() => void thread.terminate(), LEAVE_MS);
      await left.promise;
      clearTimeout(cut);
    },
  };
}

/** The program of a worker: beside this file, in the sources and in the package; a bundle finds the package's. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const beside = new URL(`./worker/main.${extension}`, import.meta.url);
  if (existsSync(fileURLToPath(beside))) return beside;
  const installed = createRequire(import.meta.url).resolve("@millrace/media/node-av/worker");
  return pathToFileURL(installed);
}
