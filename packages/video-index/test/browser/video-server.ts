import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { BundleFile } from "./bundle.ts";

/** What a {@link VideoServer} answers. */
export interface ServedVideos {
  /** The file of a clip. */
  readonly pathOf: (clip: string) => string;
  readonly indexOf: (clip: string) => Promise<Uint8Array>;
  readonly stillOf: (clip: string, frame: number) => Promise<Uint8Array>;
  /** The scripts of the page; the first one is its own. */
  readonly scripts: readonly BundleFile[];
}

/** A web server on the loopback, with what was asked of it. */
export interface VideoServer extends AsyncDisposable {
  readonly url: string;
  /** Paths and ranges, in the order in which they were asked for. */
  readonly requests: string[];
}

/** Serves clips in ranges, their indexes, pictures of their frames, and a page. */
export async function startVideoServer(videos: ServedVideos): Promise<VideoServer> {
  const requests: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, kind = "", clip = "", frame = ""] = (request.url ?? "").split("/");
    if (kind === "") return send(response, "text/html", Buffer.from(PAGE));
    const script = videos.scripts.find(({ name }) => name === kind);
    if (script !== undefined) return send(response, "text/javascript", Buffer.from(script.code));
    requests.push(`${request.url} ${request.headers.range ?? ""}`.trim());
    if (kind === "indexes")
      return send(response, "application/octet-stream", await videos.indexOf(clip));
    if (kind === "stills")
      return send(response, "image/jpeg", await videos.stillOf(clip, Number(frame)));
    if (kind !== "clips") return void response.writeHead(404).end();
    const whole = await readFile(videos.pathOf(clip));
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return send(response, "video/mp4", whole);
    const part = whole.subarray(Number(from), Number(to) + 1);
    response.writeHead(206, {
      "content-type": "video/mp4",
      "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${whole.length}`,
      etag: '"1"',
    });
    response.end(part);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const PAGE =
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';

function send(response: ServerResponse, type: string, body: Uint8Array): void {
  response.writeHead(200, { "content-type": type, "content-length": body.length });
  response.end(body);
}
