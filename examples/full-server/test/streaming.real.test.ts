import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type FrameHeader, readFrameMessage } from "@millrace/streaming/websocket";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { barcodeOf, markedClip, markModel, missingForClips } from "./marked-clip.ts";
import { readPictures } from "./stream-reader.ts";
import { ask } from "./test-server.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined) process.stdout.write(`skipped streaming.real.test.ts: ${missing}\n`);

interface StreamState {
  readonly id: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly framesIn: number;
  readonly renditions: readonly string[];
  readonly viewers: readonly { readonly framesSent: number }[];
}
interface StreamList {
  readonly streams: readonly StreamState[];
  readonly transports: Readonly<Record<string, { readonly available: boolean }>>;
}

async function openStream(
  server: RunningServer,
  body: object,
): Promise<{ status: number; body: StreamState }> {
  return await ask<StreamState>(`${server.url}/v1/streams`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function listStreams({ url }: RunningServer): Promise<readonly StreamState[]> {
  return (await ask<StreamList>(`${url}/v1/streams`)).body.streams;
}

describe.skipIf(missing !== undefined)("live streams", () => {
  let bench: VideoBench;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await videoBench();
    const videoModel = await markModel(bench.folder);
    server = await bench.start({ videoModel, streamIdleMs: 1_500 });
    await upload(server, await markedClip(), "clip");
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const open = async (body: object) => await openStream(server, body);
  const list = async () => await listStreams(server);
  const metrics = async (): Promise<string> => await (await fetch(`${server.url}/metrics`)).text();

  it("the stream of the GPU video API shows frames in their order, over the end of the clip, too", async () => {
    const path = "/api/gpu/video/clip/stream?fps=30&inference=true&quality=90";
    const { status, headers, pictures } = await readPictures(`${server.url}${path}`, 70);
    expect(status).toBe(200);
    expect(headers["content-type"]).toMatch(/^multipart\/x-mixed-replace; ?boundary=/);
    expect(headers["x-gpu-stream"]).toBe("disabled");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    const numbers = await Promise.all(pictures.map(barcodeOf));
    // A film of 60 frames: each is later on it than the one before, by less than half a pass.
    for (const [at, number = Number.NaN] of numbers.entries()) {
      if (at === 0) continue;
      const step = (number - (numbers[at - 1] as number) + 60) % 60;
      expect(step, `${numbers[at - 1]} to ${number}`).toBeGreaterThan(0);
      expect(step).toBeLessThan(30);
    }
  });

  it("equal wishes are one stream, encoded once for all who watch", async () => {
    const wish = { source: "video", video: "clip", fps: 10 };
    const first = await open(wish);
    const second = await open(wish);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body.id).toBe(first.body.id);
    const url = `${server.url}${first.body.urls["mjpeg"]}`;
    const watched = Promise.all([readPictures(url, 25), readPictures(url, 25)]);
    await vi.waitFor(
      async () => {
        const [stream] = (await list()).filter(({ id }) => id === first.body.id);
        expect(stream?.viewers).toHaveLength(2);
        expect(stream?.renditions).toHaveLength(1);
      },
      { timeout: 5_000, interval: 100 },
    );
    const [one, other] = await watched;
    const numbers = new Set(await Promise.all(one.pictures.map(barcodeOf)));
    // Of 30 a second every third.
    expect([...numbers].every((number) => (number as number) % 3 === 0)).toBe(true);
    expect(other.pictures).toHaveLength(25);
  });

  it("ends a stream that nobody watches, and its figures with it", async () => {
    const { body } = await open({ source: "pattern", height: 180, fps: 20 });
    await readPictures(`${server.url}${body.urls["mjpeg"]}`, 25);
    const series = `{stream="${body.id}",transport="mjpeg"}`;
    const read = async (name: string): Promise<number> =>
      Number((await metrics()).split(`millrace_stream_${name}${series} `)[1]?.split("\n")[0]);
    await vi.waitFor(
      async () => {
        expect(await read("frames_sent_total")).toBeGreaterThanOrEqual(25);
        expect(await read("viewers")).toBe(0);
      },
      { timeout: 5_000, interval: 100 },
    );
    await vi.waitFor(
      async () => {
        expect((await list()).map(({ id }) => id)).not.toContain(body.id);
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(await metrics()).not.toContain(body.id);
    expect((await fetch(`${server.url}/v1/streams/${body.id}`)).status).toBe(404);
  });

  it("sends viewers away in order when their video is deleted", async () => {
    await upload(server, await markedClip({ comment: "gone" }), "gone");
    const { body } = await open({ source: "video", video: "gone" });
    const watching = readPictures(`${server.url}${body.urls["mjpeg"]}`, 10_000);
    await sleep(300);
    await fetch(`${server.url}/v1/videos/gone`, { method: "DELETE" });
    // It ends by itself, and what was sent is whole.
    const { pictures } = await watching;
    expect(pictures.length).toBeGreaterThan(0);
    expect((await list()).map(({ id }) => id)).not.toContain(body.id);
  });

  it("refuses what cannot be, by name", async () => {
    expect((await open({ source: "video", video: "nowhere" })).status).toBe(404);
    expect((await open({ source: "pattern", height: 101 })).status).toBe(400);
    expect((await open({ source: "camera", url: "http://127.0.0.1/" })).status).toBe(400);
    const nowhere = await fetch(`${server.url}/api/gpu/video/nowhere/stream`);
    expect(nowhere.status).toBe(404);
    const wrong = await fetch(`${server.url}/api/gpu/video/clip/stream?fps=0`);
    expect(wrong.status).toBe(400);
  });

  it("the paths of the WebRTC server take their fields from the body and from the query", async () => {
    const post = async (path: string, body?: object) =>
      await ask<Record<string, unknown>>(`${server.url}${path}`, {
        method: "POST",
        ...(body && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
    const config = { video_id: "clip", fps: 15, width: 640, height: 360, inference_enabled: true };
    // The answer says what is sent: within both sides, in the shape of the video, and not larger than it is.
    const shown = { ...config, width: 192, height: 128 };
    const byBody = await post("/api/webrtc/start", config);
    expect(byBody).toMatchObject({
      status: 200,
      body: {
        status: "success",
        config: shown,
        ignored: [],
        webrtc_url: "/webrtc?source=video&video=clip&fps=15&inference=true&height=128",
        low_latency: true,
        gpu_accelerated: false,
      },
    });
    const narrow = await post("/api/webrtc/start", { ...config, width: 160, bitrate: 9_000_000 });
    expect(narrow.body).toMatchObject({
      config: { ...config, width: 160, height: 106 },
      ignored: ["bitrate"],
    });
    const large = await post("/api/webrtc/start", { ...config, width: 3_840, height: 2_160 });
    expect(large.body).toMatchObject({ config: shown });
    const query = Object.entries(config).map(([name, value]) => `${name}=${value}`);
    const byQuery = await post(`/api/webrtc/stream/start?${query.join("&")}`);
    expect(byQuery.body["stream_id"]).toBe(byBody.body["stream_id"]);
    const { body: streams } = await ask(`${server.url}/api/webrtc/streams`);
    expect(streams).toEqual({ active_streams: ["clip"], total_peers: 0 });

    const whep = `${server.url}${byBody.body["whep_url"]}`;
    const noOffer = await fetch(whep, { method: "POST", body: "hello" });
    expect(noOffer.status).toBe(415);
    const garbage = await fetch(whep, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: "hello",
    });
    expect(garbage.status).toBeGreaterThanOrEqual(400);
    expect(garbage.status).toBeLessThan(500);

    expect((await post("/api/webrtc/start", { video_id: "nowhere" })).status).toBe(404);
    expect((await post("/api/webrtc/start")).status).toBe(400);
    const stopped = await post("/api/webrtc/stream/stop", { video_id: "clip" });
    expect(stopped.body).toMatchObject({ status: "success", peers_closed: 0 });
    expect(await list()).toHaveLength(0);
  });
});

describe("who may watch", () => {
  let bench: VideoBench;
  beforeAll(async () => {
    bench = await videoBench();
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it("has room for so many streams and viewers, and says so to those who come then", async () => {
    await using server = await bench.start({ maxStreams: 4, maxViewers: 3 });
    const open = async (body: object) => await openStream(server, body);
    const list = async () => await listStreams(server);
    const patterns = [100, 102, 104, 106].map((height) => ({ source: "pattern", height }));
    const opened: StreamState[] = [];
    for (const wish of patterns) opened.push((await open(wish)).body);
    const refused = await open({ source: "pattern", height: 108 });
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).toContain("maxStreams");

    const url = `${server.url}${opened[0]?.urls["mjpeg"]}`;
    const watching = [1, 2, 3].map(() => readPictures(url, 120));
    await vi.waitFor(
      async () => expect((await list()).flatMap(({ viewers }) => viewers)).toHaveLength(3),
      { timeout: 5_000, interval: 50 },
    );
    expect((await readPictures(url, 1)).status).toBe(503);
    await Promise.all(watching);
    for (const { id } of opened) {
      expect((await fetch(`${server.url}/v1/streams/${id}`, { method: "DELETE" })).status).toBe(
        204,
      );
    }
    expect(await list()).toHaveLength(0);
  });

  it("asks for the token, and lets no page of elsewhere in", async () => {
    await using server = await bench.start({ token: "secret-token" });
    const authorization = "Bearer secret-token";
    const opened = await ask<StreamState>(`${server.url}/v1/streams`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify({ source: "pattern", height: 180 }),
    });
    const url = `${server.url}${opened.body.urls["mjpeg"]}`;
    expect((await readPictures(url, 1)).status).toBe(401);
    expect((await readPictures(`${url}?access_token=secret-token`, 1)).status).toBe(200);
    const elsewhere = { authorization, origin: "http://elsewhere.example" };
    expect((await readPictures(url, 1, elsewhere)).status).toBe(403);
    const whep = opened.body.urls["whep"];
    const crossed = await fetch(`${server.url}${whep}`, { method: "POST", headers: elsewhere });
    expect(crossed.status).toBe(403);

    const socket = `${server.url}${opened.body.urls["websocket"]}?codec=jpeg`;
    expect(await upgradeStatus(socket, {})).toBe(401);
    expect(await upgradeStatus(socket, elsewhere)).toBe(403);
    expect(await upgradeStatus(`${server.url}/v1/streams/none/ws`, { authorization })).toBe(404);
    expect(await upgradeStatus(`${server.url}/health`, {})).toBe(200);
    const own = { authorization, origin: server.url };
    expect(await upgradeStatus(socket, own)).toBe(101);
    expect(await upgradeStatus(`${socket}&access_token=secret-token`, {})).toBe(101);
  });

  it("lets pages in that are named, over whatever transport", async () => {
    const origin = "https://ops.example";
    await using server = await bench.start({ allowedOrigins: origin });
    const { body } = await openStream(server, { source: "pattern", height: 180 });
    const at = (name: string): string => `${server.url}${body.urls[name]}`;
    const elsewhere = { origin: "https://elsewhere.example" };
    const offer = async (headers: Readonly<Record<string, string>>) =>
      await fetch(at("whep"), { method: "POST", body: "hello", headers });

    expect((await readPictures(at("mjpeg"), 1, { origin })).status).toBe(200);
    expect(await upgradeStatus(`${at("websocket")}?codec=jpeg`, { origin })).toBe(101);
    expect((await offer({ origin, "content-type": "application/sdp" })).status).toBe(400);
    expect((await readPictures(at("mjpeg"), 1, elsewhere)).status).toBe(403);
    expect(await upgradeStatus(`${at("websocket")}?codec=jpeg`, elsewhere)).toBe(403);
    expect((await offer({ ...elsewhere, "content-type": "application/sdp" })).status).toBe(403);
  });

  it("sends pictures with what is in them over a WebSocket", async () => {
    await using server = await bench.start();
    const { body } = await openStream(server, { source: "pattern", height: 180 });
    const socket = new WebSocket(`${server.url}${body.urls["websocket"]}?codec=jpeg`);
    socket.binaryType = "arraybuffer";
    const pictures: FrameHeader[] = [];
    const told: { timestamp: number; value: [{ number: number }] }[] = [];
    await new Promise<void>((done, fail) => {
      socket.onerror = () => fail(new Error("the socket broke"));
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") {
          const message = JSON.parse(data);
          if (message.type === "data") told.push(message);
          return;
        }
        const frame = readFrameMessage(new Uint8Array(data));
        if (!frame) return;
        pictures.push(frame.header);
        socket.send(JSON.stringify({ type: "ack", sequence: frame.header.sequence }));
        if (pictures.length === 20) done();
      };
    });
    socket.close();
    const times = pictures.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
    // Each picture is told of before it comes.
    for (const time of times) expect(told.map(({ timestamp }) => timestamp)).toContain(time);
  });
});

/** What a request for an upgrade is answered with. */
async function upgradeStatus(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const request = get(url, {
    headers: {
      ...headers,
      ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    },
  });
  const [response] = (await Promise.race([
    once(request, "response"),
    once(request, "upgrade"),
  ])) as [IncomingMessage];
  request.destroy();
  response.socket.destroy();
  return response.statusCode ?? 0;
}
