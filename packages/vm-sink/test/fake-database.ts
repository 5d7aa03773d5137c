/** A database that does on demand what a real one does only in bad times. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request with a body, as it arrived. */
interface Post {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** 1 for the first one of the run. */
  readonly number: number;
}

export interface FakeDatabaseOptions {
  /** Answers a body; what it does not answer stays open. @defaultValue 204 */
  answer?(post: Post, response: ServerResponse): void | Promise<void>;
  /** Sees a request before its body is read; true when it dealt with it. */
  meet?(request: IncomingMessage, response: ServerResponse): boolean;
  /** The page of `/metrics`. @defaultValue one that takes everything */
  metrics?(): string;
  /** Answers every other GET; false leaves it to the default. */
  get?(path: string, response: ServerResponse): boolean;
  readonly port?: number;
}

export interface FakeDatabase extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every body that arrived whole, in order of arrival. */
  readonly posts: readonly Post[];
  /** Bodies that were answered with a 2xx. */
  readonly stored: readonly Buffer[];
  /** Paths of all GETs. */
  readonly asked: readonly string[];
  /** Most bodies that were under way at the same moment. */
  readonly mostAtOnce: number;
  /** Snapshots that were taken and not deleted. */
  readonly snapshots: ReadonlySet<string>;
}

/** What a healthy server says of itself, `startedSeconds` after 1970, with further lines. */
export function metricsPage(startedSeconds = 1_000, ...lines: readonly string[]): string {
  return [
    'flag{name="retentionPeriod", value="100y", is_set="true"} 1',
    `vm_app_start_timestamp ${startedSeconds}`,
    'vm_app_version{version="", short_version=""} 1',
    ...lines,
    "",
  ].join("\n");
}

export function reply(response: ServerResponse, status: number, text = ""): void {
  response.writeHead(status).end(text);
}

export async function fakeDatabase(options: FakeDatabaseOptions = {}): Promise<FakeDatabase> {
  const posts: Post[] = [];
  const stored: Buffer[] = [];
  const asked: string[] = [];
  const snapshots = new Set<string>();
  let underWay = 0;
  let mostAtOnce = 0;
  let taken = 0;

  const get = (path: string, response: ServerResponse): void => {
    asked.push(path);
    if (options.get?.(path, response)) return;
    const url = new URL(path, "http://localhost");
    if (url.pathname.endsWith("/metrics"))
      reply(response, 200, options.metrics?.() ?? metricsPage());
    else if (url.pathname.endsWith("/snapshot/create")) {
      taken += 1;
      snapshots.add(`snapshot-${taken}`);
      reply(response, 200, JSON.stringify({ status: "ok", snapshot: `snapshot-${taken}` }));
    } else if (url.pathname.endsWith("/snapshot/delete")) {
      snapshots.delete(url.searchParams.get("snapshot") ?? "");
      reply(response, 200, JSON.stringify({ status: "ok" }));
    } else reply(response, 200);
  };

  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (options.meet?.(request, response)) return;
    if (request.method === "GET") {
      get(path, response);
      return;
    }
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.once("close", () => {
      underWay -= 1;
    });
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return; // The client went away.
    }
    const body = Buffer.concat(parts);
    const post = { path, headers: request.headers, body, number: posts.length + 1 };
    posts.push(post);
    const end = response.end.bind(response);
    response.end = ((...given: Parameters<typeof end>) => {
      if (response.statusCode < 300) stored.push(body);
      return end(...given);
    }) as typeof response.end;
    if (options.answer === undefined) reply(response, 204);
    else await options.answer(post, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, "127.0.0.1", () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    posts,
    stored,
    asked,
    snapshots,
    get mostAtOnce() {
      return mostAtOnce;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
