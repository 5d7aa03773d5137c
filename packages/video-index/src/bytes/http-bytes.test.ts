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
  it.each(["", "nonsense", "http://", "/clip.mp4"])(
    "refuses %j, which is no address",
    async (url) => {
      await expect(httpBytes(url)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    },
  );

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

  it.each([
    ["never answers", () => {}],
    [
      "stops in the middle of an answer",
      (_, answer) => {
        answer.writeHead(206, { etag: "a", "content-range": "bytes 0-999/10000" });
        answer.write(DATA.subarray(0, 500));
      },
    ],
  ] satisfies [string, RequestListener][])(
    "waits no longer than it is told for one that %s",
    async (_, listener) => {
      const url = plain(await serve(listener));
      const reading = (async () => {
        await using bytes = await httpBytes(url, { pieceBytes: 1000, timeoutMs: 300 });
        await bytes.read(0, 1000);
      })();
      await expect(reading).rejects.toMatchObject({
        code: "TIMEOUT",
        retryable: true,
        message: expect.stringContaining("nothing came for 0.3 s"),
      });
    },
  );

  it("waits for one that is slow, as long as something comes", async () => {
    const listener: RequestListener = async (_, answer) => {
      answer.writeHead(206, { etag: "a", "content-range": `bytes 0-999/${DATA.length}` });
      for (let at = 0; at < 1000; at += 100) {
        answer.write(DATA.subarray(at, at + 100));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      answer.end();
    };
    const url = plain(await serve(listener));
    await using bytes = await httpBytes(url, { pieceBytes: 1000, timeoutMs: 700 });
    expect(await bytes.read(0, 1000)).toEqual(DATA.slice(0, 1000));
  });

  it.each([
    ["another range", (from: number, to: number) => [from + 1, to + 1, to - from + 1]],
    ["fewer bytes than were asked for", (from: number, to: number) => [from, to, to - from]],
    ["more bytes than were asked for", (from: number, to: number) => [from, to, to - from + 9]],
    ["a shorter range", (from: number, to: number) => [from, to - 1, to - from]],
  ] as const)("refuses %s in place of what it asked for", async (_, lie) => {
    let honest = true;
    const listener: RequestListener = (request, answer) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      if (honest) return ranges(() => "a")(request, answer);
      const [first = 0, last = 0, length = 0] = lie(Number(from), Number(to));
      answer.writeHead(206, {
        etag: "a",
        "content-range": `bytes ${first}-${last}/${DATA.length}`,
      });
      answer.end(new Uint8Array(length));
    };
    await using bytes = await httpBytes(plain(await serve(listener)), { pieceBytes: 1000 });
    honest = false;
    await expect(bytes.read(2000, 500)).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: true,
    });
    // What failed is asked for anew.
    honest = true;
    expect(await bytes.read(2000, 500)).toEqual(DATA.slice(2000, 2500));
  });

  it("asks anew for a first piece whose connection broke, and leaves no rejection behind", async () => {
    let breaks = true;
    const listener: RequestListener = (request, answer) => {
      if (!breaks) return ranges(() => "a")(request, answer);
      breaks = false;
      answer.writeHead(206, { etag: "a", "content-range": `bytes 0-999/${DATA.length}` });
      answer.write(DATA.subarray(0, 10), () => answer.destroy());
    };
    await using bytes = await httpBytes(plain(await serve(listener)), { pieceBytes: 1000 });
    await expect(bytes.read(0, 10)).rejects.toMatchObject({ code: "REMOTE_FAILED" });
    expect(await bytes.read(0, 10)).toEqual(DATA.slice(0, 10));
  });

  it("ends what still comes when it is closed, also from a server that never ends", async () => {
    let gone: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => {
      gone = resolve;
    });
    let honest = true;
    const bytes = await httpBytes(
      plain(
        await serve((request, answer) => {
          if (honest) return ranges(() => "a")(request, answer);
          answer.on("close", () => gone?.());
          answer.writeHead(206, { etag: "a", "content-range": `bytes 2000-2999/${DATA.length}` });
          answer.write(DATA.subarray(0, 10));
        }),
      ),
      { pieceBytes: 1000 },
    );
    honest = false;
    const reading = bytes.read(2000, 10);
    const outcome = expect(reading).rejects.toMatchObject({ code: "CLOSED" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await bytes.close();
    await outcome;
    await ended;
  });

  it("asks a server for a few pieces at once, however much is read", async () => {
    let now = 0;
    let most = 0;
    const listener: RequestListener = (request, answer) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        ranges(() => "a")(request, answer);
      }, 2);
    };
    await using bytes = await httpBytes(plain(await serve(listener)), { pieceBytes: 100 });
    expect(await bytes.read(50, 9900)).toEqual(DATA.slice(50, 9950));
    expect(most).toBeLessThanOrEqual(8);
  });

  it.each([{ pieceBytes: 0 }, { pieceBytes: 1.5 }, { pieces: 0 }])(
    "refuses %j",
    async (options) => {
      await expect(httpBytes("http://127.0.0.1:1/", options)).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    },
  );

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
