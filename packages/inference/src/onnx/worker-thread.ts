import { Worker } from "node:worker_threads";
import { MillraceError } from "@millrace/core";
import type { WorkerReply, WorkerRequest } from "./worker-messages.ts";

/** A thread with a model; takes one request after another. */
export interface WorkerThread {
  /** A request has no answer yet. */
  readonly busy: boolean;
  /** @throws MillraceError what the worker says, or INTERNAL when it dies */
  ask(request: WorkerRequest, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  /** Lets the thread finish what it does and then ends it, without waiting for its answer. */
  end(): Promise<void>;
}

/**
 * Starts the worker.
 *
 * @param onDeath - called once if the thread ends without having been asked to
 */
export function workerThread(onDeath: (error: MillraceError) => void): WorkerThread {
  // Bundlers follow exactly this form; as a source, the file has another name. The flags of this process, such
  // as `--input-type`, may be wrong for a file.
  const worker = import.meta.url.endsWith(".ts")
    ? new Worker(new URL("./onnx-worker.ts", import.meta.url), { execArgv: [] })
    : new Worker(new URL("./onnx-worker.js", import.meta.url), { execArgv: [] });
  let pending: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
  let ended = false;

  const settle = (how: (request: NonNullable<typeof pending>) => void): void => {
    const request = pending;
    pending = undefined;
    worker.unref();
    if (request !== undefined) how(request);
  };
  const die = (cause: unknown): void => {
    if (ended) return;
    ended = true;
    const text = cause instanceof Error ? cause.message : String(cause);
    const error = new MillraceError(
      "INTERNAL",
      `onnx: the worker ended: ${text}; load the model again.`,
      {
        cause,
      },
    );
    onDeath(error);
    settle(({ reject }) => reject(error));
  };
  worker.on("message", (reply: WorkerReply) => {
    settle(({ resolve, reject }) => {
      if (reply.ok) resolve(reply.value);
      else reject(new MillraceError(reply.failure.code, reply.failure.message));
    });
  });
  worker.on("messageerror", die);
  worker.on("error", die);
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", (code) => {
      die(`exit code ${code}`);
      resolve();
    });
  });
  worker.unref();

  return {
    get busy() {
      return pending !== undefined;
    },
    ask(request, transfer = []) {
      return new Promise((resolve, reject) => {
        pending = { resolve, reject };
        // An idle thread must not keep the program alive; one that works must.
        worker.ref();
        worker.postMessage(request, transfer as ArrayBuffer[]);
      });
    },
    end() {
      if (!ended) {
        ended = true;
        settle(({ reject }) =>
          reject(new MillraceError("CLOSED", "onnx: the session was closed.")),
        );
        // Terminating a thread within ONNX Runtime aborts the whole process (seen with 1.30.0), so it is asked.
        worker.ref();
        worker.postMessage({ kind: "release" } satisfies WorkerRequest);
      }
      return exited;
    },
  };
}
