import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openFrameCount, type VideoFrame } from "@millrace/media";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import fc from "fast-check";
import { Observable, Subject, takeUntil } from "rxjs";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { openSocket, refusedHandshake, type SocketClient } from "../../test/socket-client.ts";
import { createFrameHub, type FrameHub } from "../hub/frame-hub.ts";
import type { VideoRendition } from "../hub/rendition.ts";
import { FRAME_HEADER_BYTES } from "../messages/frame-message.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { createAdmission } from "../viewers/admission.ts";
import type { ViewerStats } from "../viewers/viewer.ts";
import { type WebsocketPublication, type WebsocketPublishOptions, websocket } from "./websocket.ts";
import type { WsLibrary, WsSocket } from "./ws-library.ts";

const media = nodeAv({ workers: 1 });
afterAll(async () => {
  await media.close();
  expectNoOpenFrames();
});

describe("viewers over WebSockets", { timeout: 60_000 }, () => {
  let hub: FrameHub;
  let end$: Subject<void>;
  let failure: Error | undefined;
  let server: Server;
  let publication: WebsocketPublication;
  /** Of the server's side. */
  let sockets: (WsSocket & { _socket?: unknown })[];
  let url: string;

  const lib: WsLibrary = {
    WebSocketServer: class extends WebSocketServer {
      override handleUpgrade(...args: Parameters<WebSocketServer["handleUpgrade"]>): void {
        const [request, socket, head, done] = args;
        super.handleUpgrade(request, socket, head, (connection, ...rest) => {
          sockets.push(connection as never);
          done(connection, ...rest);
        });
      }
    } as never,
  };
  const publish = (options: WebsocketPublishOptions = {}): void => {
    publication = websocket({ lib }).publish(hub, options);
    server.removeAllListeners("upgrade");
    server.on("upgrade", publication.upgrade);
  };
  const stats = (): readonly ViewerStats[] => {
    let seen: readonly ViewerStats[] = [];
    publication.viewers$
      .subscribe((all) => {
        seen = all.map((one) => one.stats());
      })
      .unsubscribe();
    return seen;
  };

  beforeEach(async () => {
    sockets = [];
    failure = undefined;
    end$ = new Subject();
    const pattern = testPattern({ width: 320, height: 180, sound: true });
    // A source that can die, in order or not.
    const video$ = new Observable<VideoFrame>((subscriber) =>
      pattern.video$.pipe(takeUntil(end$)).subscribe({
        next: (frame) => subscriber.next(frame),
        complete: () => (failure ? subscriber.error(failure) : subscriber.complete()),
      }),
    );
    hub = createFrameHub(
      { ...pattern, video$ },
      {
        images: jpegTurbo({ scaler: media.scaler }),
        video: media.videoEncoder,
        audio: media.audioEncoder,
        lingerMs: 0,
      },
    );
    server = createServer((request, response) => void publication.handle(request, response));
    publish();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  });
  afterEach(async () => {
    await publication.close();
    await expect.poll(stats).toEqual([]);
    await hub.close();
    await new Promise((done) => server.close(done));
    await expect.poll(openFrameCount).toBe(0);
  });

  it("are told the facts first, and what a decoder needs before the first chunk", async () => {
    const client = await openSocket(`${url}?codec=h264&audio=opus`);
    await client.until(20);
    const kinds = client.messages.map(({ type }) => type);
    expect(kinds[0]).toBe("hello");
    expect(client.messages[0]).toMatchObject({
      version: 1,
      codecs: ["h264", "vp8", "jpeg"],
      sound: ["opus", "pcm"],
    });
    expect(client.messages.find(({ type }) => type === "video")).toMatchObject({
      codec: expect.stringMatching(/^avc1\./),
      width: 320,
      height: 180,
    });
    await expect
      .poll(() => client.messages.find(({ type }) => type === "sound"))
      .toMatchObject({ codec: "opus", sampleRate: 48_000, numberOfChannels: 1 });
    expect(client.frames[0]).toMatchObject({ kind: "chunk", isKey: true });
    expect(client.messages.filter(({ type }) => type === "data").length).toBeGreaterThan(10);
    client.socket.close();
  });

  it("may change what they watch, and get no frame twice", async () => {
    const client = await openSocket(url);
    client.socket.send('{"type":"watch","codec":"jpeg"}');
    await client.until(10);
    client.socket.send('{"type":"watch","codec":"vp8"}');
    await expect.poll(() => client.frames.at(-1)?.kind).toBe("chunk");
    const first = client.frames.find(({ kind }) => kind === "chunk");
    expect(first?.isKey).toBe(true);
    await client.until(client.frames.length + 10);
    const numbers = client.frames.map(({ sequence }) => sequence);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    client.socket.close();
  });

  it("get as many pictures a second as they want, of one encoding", async () => {
    const [all, few] = await Promise.all([
      openSocket(`${url}?codec=jpeg`),
      openSocket(`${url}?codec=jpeg&framerate=10`),
    ]);
    await few.until(12);
    const spanUs = (few.frames.at(-1)?.timestamp ?? 0) - (few.frames[0]?.timestamp ?? 0);
    expect(few.frames.length).toBeLessThanOrEqual(spanUs / 100_000 + 2);
    expect(hub.stats().renditions).toEqual(["jpeg q80"]);
    all.socket.close();
    few.socket.close();
  });

  it("that never acknowledge get their window, wait, and are sent away", async () => {
    publish({ stallMs: 1_000 });
    const [still, chunked, alive] = await Promise.all([
      openSocket(`${url}?codec=jpeg`, null),
      openSocket(`${url}?codec=h264`, null),
      openSocket(`${url}?codec=jpeg`),
    ]);
    expect(await still.closed).toMatchObject({ code: 1013 });
    expect(await chunked.closed).toMatchObject({ code: 1013 });
    expect(still.frames.length).toBe(2);
    expect(chunked.frames.length).toBe(4);
    await alive.until(alive.frames.length + 5);
    alive.socket.close();
  });

  it("that are slow, still or killed are no burden to the others, nor to memory", async () => {
    publish({ stallMs: 1_500, renditions: [{ height: 180, bitrate: 1_000_000 }] });
    const made = follow([hub.video({ family: "h264", maxHeight: 180, bitrate: 1_000_000 })]);
    const most: number[] = [];
    const watching = setInterval(() => {
      for (const [at, { bufferedAmount }] of sockets.entries()) {
        most[at] = Math.max(most[at] ?? 0, bufferedAmount);
      }
    }, 1);
    const open = async (query: string, ackMs?: number | null) =>
      await openSocket(`${url}?${query}`, ackMs);
    const fast = await open("codec=jpeg");
    const slow = await open("codec=jpeg", 600);
    const slowChunks = await open("codec=h264", 600);
    const stalled = await open("codec=jpeg", null);
    const killed = await open("codec=vp8");
    // It does not even read: nothing comes through but what the system holds.
    (stalled.socket as unknown as { _socket: { pause(): void } })._socket.pause();
    await killed.until(3);
    killed.socket.terminate();
    const before = fast.frames.length;
    await fast.until(before + 60);
    clearInterval(watching);
    const numbers = fast.frames.map(({ sequence }) => sequence);
    const missing = numbers.slice(1).filter((number, at) => number !== (numbers[at] ?? 0) + 1);
    console.info(
      `fast ${fast.frames.length} frames, ${missing.length} gaps; slow ${slow.frames.length}; slow chunks ${slowChunks.frames.length}`,
    );
    expect(slow.frames.length).toBeLessThan(fast.frames.length / 3);
    expect(slowChunks.frames.length).toBeLessThan(fast.frames.length);
    for (const { frames } of [slow, slowChunks]) {
      const order = frames.map(({ sequence }) => sequence);
      expect(order).toEqual([...new Set(order)].sort((one, other) => one - other));
    }
    made.expectDecodable(slowChunks.frames);
    const largest = Math.max(...fast.frames.map(({ sizeBytes }) => sizeBytes));
    // A header of WebSocket beside it.
    for (const bytes of most) expect(bytes).toBeLessThanOrEqual(largest + 14);
    await expect.poll(() => stats().length).toBe(3);
    for (const { socket } of [fast, slow, slowChunks, stalled]) socket.terminate();
  });

  it("step down to a smaller rendition when the window is full too often", async () => {
    publish({
      renditions: [
        { height: 180, bitrate: 1_000_000 },
        { height: 90, bitrate: 200_000 },
      ],
    });
    const made = follow([
      hub.video({ family: "h264", maxHeight: 180, bitrate: 1_000_000 }),
      hub.video({ family: "h264", maxHeight: 90, bitrate: 200_000 }),
    ]);
    const client = await openSocket(`${url}?codec=h264`, 300);
    await expect
      .poll(() => client.messages.filter(({ type }) => type === "video"))
      .toMatchObject([{ height: 180 }, { height: 90 }]);
    const told = client.frames.length;
    await client.until(told + 5);
    made.expectDecodable(client.frames);
    client.socket.close();
  });

  it("come and go 200 times, and nothing stays", async () => {
    const codecs = ["jpeg", "h264", "vp8"];
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          openSocket(`${url}?codec=${codecs[(round + at) % 3]}&audio=pcm`),
        ),
      );
      if (round % 5 === 0) await clients[0]?.until(1);
      for (const [at, { socket }] of clients.entries()) {
        if (at % 2 === 0) socket.terminate();
        else socket.close();
      }
    }
    await expect.poll(() => stats().length).toBe(0);
    await expect.poll(() => hub.stats().renditions).toEqual([]);
    await expect.poll(openFrameCount).toBe(0);
    await expect.poll(() => connections(server)).toBe(0);
  }, 120_000);

  it("that send nonsense are sent away with a code, and the others see nothing of it", async () => {
    const good = await openSocket(`${url}?codec=jpeg`);
    const codes = new Map<number, number>();
    const nonsense = fc.oneof(
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => ({ data: Buffer.from(bytes), isBinary: true })),
      fc.json().map((text) => ({ data: Buffer.from(text), isBinary: false })),
      fc.string({ maxLength: 200 }).map((text) => ({ data: Buffer.from(text), isBinary: false })),
      fc
        .uint8Array({ minLength: 1, maxLength: 50 })
        .map((bytes) => ({ data: Buffer.from(bytes), isBinary: false })),
      fc
        .integer({ min: 1_000, max: 9_000 })
        .map((size) => ({ data: Buffer.alloc(size, 65), isBinary: false })),
      fc.constant({ data: Buffer.from('{"type":"ack","sequence":4000000}'), isBinary: false }),
    );
    const messages = fc.sample(nonsense, { numRuns: 1_000, seed: 7 });
    for (let at = 0; at < messages.length; at += 25) {
      const ends = messages.slice(at, at + 25).map(async ({ data, isBinary }) => {
        // It has not said yet what to watch: what it may say is tried, and no picture is made for it.
        const client = await openSocket(url, null);
        client.socket.send(data, { binary: isBinary });
        const { code } = await client.closed;
        codes.set(code, (codes.get(code) ?? 0) + 1);
      });
      await Promise.all(ends);
    }
    console.info("codes of closing", Object.fromEntries(codes));
    expect([...codes.keys()].sort()).toEqual([1003, 1007, 1008, 1009]);
    const before = good.frames.length;
    await good.until(before + 10);
    expect(stats().length).toBe(1);
    good.socket.close();
  }, 120_000);

  it("that send too much are sent away", async () => {
    const client = await openSocket(`${url}?codec=jpeg`);
    await client.until(1);
    const text = JSON.stringify({ type: "ack", sequence: client.frames[0]?.sequence });
    for (let at = 0; at < 2_000; at++) client.socket.send(text);
    expect(await client.closed).toEqual({ code: 1008, reason: "too many messages" });
  });

  it("are refused with a status that says why", async () => {
    publish({
      admission: createAdmission({ maxViewers: 1 }),
      allowedOrigins: ["https://good.example"],
      maxRenditions: 1,
    });
    expect(await refusedHandshake(`${url}?codec=gif`)).toMatchObject({ status: 400 });
    for (const origin of ["https://bad.example", "null", "no origin"]) {
      expect(await refusedHandshake(url, { origin })).toMatchObject({ status: 403 });
    }
    const client = await openSocket(`${url}?codec=jpeg`);
    expect(await refusedHandshake(`${url}?codec=jpeg`)).toMatchObject({
      status: 503,
      code: "LIMIT_EXCEEDED",
      retryAfter: "5",
    });
    expect(await refusedHandshake(`${url}?codec=jpeg&quality=20`)).toMatchObject({ status: 503 });
    const response = await fetch(url.replace("ws:", "http:"));
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ code: "UNSUPPORTED" });
    client.socket.close();
    await client.closed;
    // The seat is free again, for a page of a good origin.
    await expect.poll(() => stats().length).toBe(0);
    const next = new WebSocket(`${url}?codec=jpeg`, {
      headers: { origin: "https://good.example" },
    });
    await new Promise((done) => next.once("open", done));
    next.close();
    await expect.poll(() => stats().length).toBe(0);
    // So is that of the host itself, without being named.
    const own = new WebSocket(`${url}?codec=jpeg`, {
      headers: { origin: `http://${new URL(url).host}` },
    });
    await new Promise((done) => own.once("open", done));
    own.close();
    await publication.close();
    expect(await refusedHandshake(`${url}?codec=jpeg`)).toMatchObject({ status: 410 });
  });

  it("that want what cannot be made are told which", async () => {
    const bare = createFrameHub(testPattern({ width: 320, height: 180 }), { images: jpegTurbo() });
    const other = websocket().publish(bare);
    server.removeAllListeners("upgrade");
    server.on("upgrade", other.upgrade);
    expect(await refusedHandshake(`${url}?codec=h264`)).toMatchObject({
      status: 501,
      code: "MISSING_DEPENDENCY",
    });
    const client = await openSocket(url);
    client.socket.send('{"type":"watch","codec":"vp8"}');
    expect(await client.closed).toMatchObject({ code: 1008 });
    await other.close();
    await bare.close();
  });

  it("are told when the stream is over", async () => {
    const client = await openSocket(`${url}?codec=h264`);
    await client.until(3);
    end$.next();
    expect(await client.closed).toEqual({ code: 1000, reason: "the stream is over" });
    await expect.poll(stats).toEqual([]);
  });

  it("are told that it failed, and nothing of what is inside", async () => {
    const client = await openSocket(`${url}?codec=jpeg`);
    await client.until(3);
    failure = new Error("secret");
    end$.next();
    expect(await client.closed).toEqual({ code: 1011, reason: "the stream failed" });
  });

  it("are told that the server goes away, as they may come again", async () => {
    const client = await openSocket(`${url}?codec=jpeg`);
    await client.until(3);
    await publication.close();
    expect(await client.closed).toMatchObject({ code: 1001 });
  });
});

it.each([{ windows: { pictures: 0, chunks: 1 } }, { renditions: [] }, { stallMs: 0.5 }])(
  "%j is refused by name",
  async (options) => {
    const hub = createFrameHub(testPattern({ width: 320, height: 180 }));
    expect(() => websocket().publish(hub, options)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
    await hub.close();
  },
);

/** What renditions are made of, by which it is known whether a viewer can decode what it was given. */
function follow(renditions: readonly VideoRendition[]) {
  const before = renditions.map(({ frames$ }) => {
    const known = new Map<number, { readonly before: number; readonly sizeBytes: number }>();
    let last = -1;
    const subscription = frames$.subscribe(({ sequence, data }) => {
      known.set(sequence, { before: last, sizeBytes: data.length + FRAME_HEADER_BYTES });
      last = sequence;
    });
    return { known, subscription };
  });
  return {
    /** Each delta follows on the frame that its rendition had before it. */
    expectDecodable(frames: SocketClient["frames"]): void {
      for (const { subscription } of before) subscription.unsubscribe();
      for (const [at, { isKey, sequence, sizeBytes }] of frames.entries()) {
        if (isKey) continue;
        const own = before.find(({ known }) => known.get(sequence)?.sizeBytes === sizeBytes);
        expect(own?.known.get(sequence)?.before).toBe(frames[at - 1]?.sequence);
      }
    },
  };
}

function connections(server: Server): Promise<number> {
  return new Promise((done) => server.getConnections((_, count) => done(count)));
}
