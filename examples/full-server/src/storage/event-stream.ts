import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { MillraceError } from "@millrace/core";
import type { JobEvent } from "@millrace/core/jobs";
import type { Subscription } from "rxjs";
import type { StorageServices } from "./services.ts";

/** Keeps proxies from closing a stream on which nothing happens. */
const HEARTBEAT_MS = 15_000;
/** Shortest time between two messages of one job's progress. */
const PROGRESS_MS = 250;
/** A reader that is so far behind is dropped; it connects again and reads the lists. */
const MOST_BEHIND_BYTES = 1024 * 1024;

/** Tells every open page what happens to jobs and arrays (Server-Sent Events). */
export class EventStream implements Disposable {
  readonly #services: StorageServices;
  readonly #readers = new Set<ServerResponse>();
  readonly #following: Subscription;
  readonly #heartbeat: NodeJS.Timeout;
  /** Jobs whose state has to be told, by the time at which they were told last. */
  readonly #toldMs = new Map<string, number>();
  readonly #due = new Map<string, NodeJS.Timeout>();

  constructor(services: StorageServices) {
    this.#services = services;
    this.#following = services.queue.events$.subscribe((event) => this.#heard(event));
    this.#heartbeat = setInterval(() => this.#write(": still here\n\n"), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Sends what happens from now on, until the reader goes; `headers` are those of CORS. */
  open(response: ServerResponse, headers: OutgoingHttpHeaders): void {
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    response.write("retry: 2000\n\n");
    this.#readers.add(response);
    response.once("close", () => this.#readers.delete(response));
  }

  /** The list of arrays is not what it was. */
  arraysChanged(): void {
    this.#send("arrays", {});
  }

  [Symbol.dispose](): void {
    this.#following.unsubscribe();
    clearInterval(this.#heartbeat);
    for (const timer of this.#due.values()) clearTimeout(timer);
    for (const reader of this.#readers) reader.end();
  }

  #heard(event: JobEvent): void {
    if (event.type === "queue-warning") return;
    if (event.type === "job-log") {
      const { line, atMs, text } = event.line;
      this.#send("log", { jobId: event.id, number: line, timeMs: atMs, text });
      return;
    }
    if (event.type === "job-remove") {
      this.#toldMs.delete(event.id);
      this.#send("job-remove", { id: event.id });
      return;
    }
    if (event.type === "job-state") {
      clearTimeout(this.#due.get(event.id));
      this.#due.delete(event.id);
      void this.#tell(event.id);
      if (event.state === "done") this.arraysChanged();
      return;
    }
    if (this.#due.has(event.id)) return;
    const waitMs = PROGRESS_MS - (performance.now() - (this.#toldMs.get(event.id) ?? 0));
    const timer = setTimeout(
      () => {
        this.#due.delete(event.id);
        void this.#tell(event.id);
      },
      Math.max(0, waitMs),
    );
    timer.unref();
    this.#due.set(event.id, timer);
  }

  async #tell(id: string): Promise<void> {
    if (this.#readers.size === 0) return;
    this.#toldMs.set(id, performance.now());
    try {
      const job = await this.#services.jobs.get(id);
      this.#send("job", job);
      if (job.finishedMs !== null) this.#toldMs.delete(id);
    } catch (error) {
      // Removed meanwhile, or the queue is closing: there is nothing to tell.
      if (!MillraceError.is(error)) throw error;
    }
  }

  #send(event: string, data: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    for (const reader of this.#readers) {
      if (reader.writableLength > MOST_BEHIND_BYTES) reader.destroy();
      else reader.write(text);
    }
  }
}
