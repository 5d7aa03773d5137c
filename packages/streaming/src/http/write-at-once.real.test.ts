import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, vi } from "vitest";
import { writeAtOnce } from "./write-at-once.ts";

const PIECES = ["one,", "", "two,", "three."].map((piece) => Buffer.from(piece));

/** What a caller gets of a response that is written by `write`. */
async function answered<T>(
  write: (response: ServerResponse) => void,
  ask: (port: number) => Promise<T>,
  clientError?: (error: Error) => void,
): Promise<T> {
  const server = createServer((_, response) => write(response)).listen(0, "127.0.0.1");
  if (clientError) server.on("clientError", clientError);
  await once(server, "listening");
  try {
    return await ask((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

async function read(port: number): Promise<IncomingMessage & { body: string }> {
  const [message] = (await once(get({ host: "127.0.0.1", port }), "response")) as [IncomingMessage];
  return Object.assign(message, { body: await text(message) });
}

/** All that comes for a request, in the raw. */
async function readRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  return await text(socket);
}

it("is one chunk among others, with what comes before and behind it", async () => {
  const taken = vi.fn();
  const write = (response: ServerResponse): void => {
    response.writeHead(200, { trailer: "x-end" });
    response.write("zero,");
    expect(writeAtOnce(response, PIECES, taken)).toBe(14);
    expect(writeAtOnce(response, PIECES, () => {})).toBe(14);
    response.addTrailers({ "x-end": "yes" });
    response.end("end");
  };
  const { body, trailers } = await answered(write, read);
  expect(body).toBe("zero,one,two,three.one,two,three.end");
  expect(trailers).toEqual({ "x-end": "yes" });
  expect(taken.mock.calls).toEqual([[null]]);
});

it("comes without lengths where the caller knows no chunks", async () => {
  const write = (response: ServerResponse): void => {
    response.writeHead(200).flushHeaders();
    writeAtOnce(response, PIECES, () => {});
    response.end();
  };
  const raw = await answered(write, (port) => readRaw(port, "GET / HTTP/1.0\r\n\r\n"));
  expect(raw.split("\r\n\r\n")[1]).toBe("one,two,three.");
});

it("goes through one who stands between", async () => {
  const write = (response: ServerResponse): void => {
    const plain = response.write.bind(response) as (piece: unknown, ...rest: unknown[]) => boolean;
    response.write = ((piece: Buffer, ...rest: unknown[]) =>
      plain(piece.toString().toUpperCase(), ...rest)) as typeof response.write;
    response.writeHead(200).flushHeaders();
    writeAtOnce(response, PIECES, () => response.end());
  };
  expect((await answered(write, read)).body).toBe("ONE,TWO,THREE.");
});

it("waits for its turn behind another answer of the same connection", async () => {
  const earlier: ServerResponse[] = [];
  const write = (response: ServerResponse): void => {
    response.writeHead(200).flushHeaders();
    writeAtOnce(response, PIECES, () => {});
    // The first one is still being written when the second begins.
    if (earlier.push(response) < 2) return;
    response.end();
    earlier[0]?.end();
  };
  const request = "GET / HTTP/1.1\r\nHost: x\r\n";
  const raw = await answered(write, (port) =>
    readRaw(port, `${request}\r\n${request}Connection: close\r\n\r\n`),
  );
  const [first = "", second = ""] = raw.split("HTTP/1.1 200 OK\r\n").slice(1);
  expect(first).toMatch(/\r\n\r\ne\r\none,two,three\.\r\n0\r\n\r\n$/);
  expect(second.replaceAll(/\r\n[\da-f]+\r\n/g, "")).toContain("one,two,three.");
});

it("is nobody's error where the connection is being ended", async () => {
  const clientError = vi.fn();
  const write = (response: ServerResponse): void => {
    response.writeHead(200).flushHeaders();
    response.socket?.end();
    writeAtOnce(response, PIECES, () => {});
  };
  const ask = (port: number) => readRaw(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await answered(write, ask, clientError)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(clientError).not.toHaveBeenCalled();
});

it("is no end of the body where there is nothing to write", async () => {
  const taken = vi.fn();
  const write = (response: ServerResponse): void => {
    response.writeHead(200).flushHeaders();
    expect(writeAtOnce(response, [Buffer.from("")], taken)).toBe(0);
    writeAtOnce(response, PIECES, () => response.end());
  };
  expect((await answered(write, read)).body).toBe("one,two,three.");
  expect(taken).toHaveBeenCalledTimes(1);
});
