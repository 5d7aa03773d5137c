import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { httpBytes } from "./http-bytes.ts";

const DATA = Uint8Array.from({ length: 10_000 }, (_, at) => (at * 7 + (at >> 8)) & 255);
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server?.once("listening", resolve));
  return `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/clip.mp4`;
}

/** A server that knows ranges. */
const ranges =
  (etag: () => string, seen: string[] = []): RequestListener =>
  (request, answer) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    seen.push(`${from}-${to}`);
    const end = Math.min(Number(to) + 1, DATA.length);
    answer.writeHead(206, {
      etag: etag(),
      "content-range": `bytes ${from}-${end - 1}/${DATA.length}`,
    });
    answer.end(DATA.subarray(Number(from), end));
  };

const plain = (url: string): string => url.replace("user:secret@", "");

describe("httpBytes", () => {
  it("reads any part, in pieces that are asked for once while they are kept", async () => {
    const seen: string[] = [];
    await using bytes = await httpBytes(plain(await serve(ranges(() => "a", seen))), {
      pieceBytes: 1000,
    });
    expect(bytes.sizeBytes).toBe(DATA.length);
    await fc.assert(
      fc.asyncProperty(fc.nat(10_500), fc.nat(3000), async (offset, length) => {
        expect(await bytes.read(offset, length)).toEqual(DATA.slice(offset, offset + length));
      }),
    );
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("notices that the video is another one now", async () => {
    let version = "a";
    await using bytes = await httpBytes(plain(await serve(ranges(() => version))), {
      pieceBytes: 1000,
    });
    version = "b";
    await expect(bytes.read(5000, 10)).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
  });

  it.each([
    [200, "UNSUPPORTED"],
    [404, "NOT_FOUND"],
    [503, "REMOTE_FAILED"],
  ])(
    "says what is wrong where the server answers %d, without credentials",
    async (status, code) => {
      const url = await serve((_, answer) => answer.writeHead(status).end("x"));
      const opened = httpBytes(url, { fetch: (input, init) => fetch(plain(String(input)), init) });
      await expect(opened).rejects.toMatchObject({ code });
      await expect(opened).rejects.not.toThrow(/secret/);
    },
  );

  it("ends a read with its signal, and not that of another", async () => {
    let hold = true;
    const serving = ranges(() => "a");
    const url = await serve((request, answer) => {
      if (request.headers.range !== "bytes=5000-5999" || !hold) serving(request, answer);
      else setTimeout(() => serving(request, answer), 50);
    });
    await using bytes = await httpBytes(plain(url), { pieceBytes: 1000 });
    const controller = new AbortController();
    const first = bytes.read(5000, 10, { signal: controller.signal });
    const second = bytes.read(5000, 10);
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect(await second).toEqual(DATA.slice(5000, 5010));
    hold = false;
  });
});
