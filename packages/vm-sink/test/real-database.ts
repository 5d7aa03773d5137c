/** Reads a real VictoriaMetrics back, and stands in front of one that comes and goes. */
import { connect, createServer, type Socket } from "node:net";
import { findVictoriaMetrics } from "../src/server/index.ts";
import { sampleText } from "./samples.ts";

/** Another version than the installed one, as an option of `startVictoriaMetrics`. */
export const binary: { readonly binary?: string } =
  process.env["VICTORIA_METRICS_BINARY"] === undefined
    ? {}
    : { binary: process.env["VICTORIA_METRICS_BINARY"] };

/** Why the tests with a real database cannot run, or undefined. */
export const missing: string | undefined =
  binary.binary === undefined && (await findVictoriaMetrics()) === undefined
    ? "VictoriaMetrics is not installed: apt-get install victoria-metrics"
    : undefined;

/** The title of a group of such tests, which says why it is skipped where it is. */
export function realTitle(title: string): string {
  return missing === undefined ? title : `${title} (skipped: ${missing})`;
}

let questions = 0;

/**
 * Every sample of the series that a selector matches, as sorted texts, comparable with `samplesOf`.
 *
 * VictoriaMetrics remembers for some seconds which series a selector matches, so no two are the same here.
 */
export async function exported(url: string, selector: string): Promise<string[]> {
  await (await fetch(`${url}/internal/force_flush`)).text();
  questions += 1;
  const match = selector.replace(/\}$/, `,question!="${questions}"}`);
  const parameters = new URLSearchParams({ "match[]": match, start: "0" });
  const answer = await fetch(`${url}/api/v1/export?${parameters}`);
  if (!answer.ok) throw new Error(`export answered ${answer.status}: ${await answer.text()}`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.flatMap(samplesOfLine).sort();
}

function samplesOfLine(line: string): string[] {
  const { metric, values, timestamps } = JSON.parse(line) as {
    metric: Record<string, string>;
    values: number[];
    timestamps: number[];
  };
  return values.map((value, i) => sampleText(metric, timestamps[i] as number, value));
}

/** The page of `/metrics`, all of it made after this call: it is renewed once a second, its storage's part by turns. */
export async function freshPage(url: string): Promise<string> {
  const read = async (): Promise<string> => await (await fetch(`${url}/metrics`)).text();
  const uptime = (page: string): string | undefined => /^vm_app_uptime_seconds .*/m.exec(page)?.[0];
  let page = await read();
  for (let newPages = 0; newPages < 2; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const last = page;
    page = await read();
    if (uptime(page) !== uptime(last)) newPages += 1;
  }
  return page;
}

export async function snapshots(url: string): Promise<readonly string[]> {
  const answer: unknown = await (await fetch(`${url}/snapshot/list`)).json();
  return (answer as { snapshots: string[] }).snapshots;
}

/** A fixed address whose target can change. */
export interface Door extends AsyncDisposable {
  readonly url: string;
  /** Leads to this base URL from now on; undefined refuses everybody. */
  to(url: string | undefined): void;
}

/** A port that nobody listens at just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

export async function openDoor(): Promise<Door> {
  let target: URL | undefined;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (target === undefined) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    keep(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    to(url) {
      target = url === undefined ? undefined : new URL(url);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
