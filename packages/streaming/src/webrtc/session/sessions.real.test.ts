import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { Observable } from "rxjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addressOf, joinWhep, type WhepClient } from "../../../test/whep-client.ts";
import { createFrameHub, type FrameHub } from "../../hub/frame-hub.ts";
import { testPattern } from "../../pattern/test-pattern.ts";
import { werift } from "../../werift/werift.ts";
import { type WebrtcPublication, webrtc } from "../webrtc.ts";

const media = nodeAv({ workers: 2 });
const transport = webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] });
let hub: FrameHub;
let publication: WebrtcPublication;
let server: Server;
let url = "";

beforeAll(async () => {
  hub = createFrameHub(testPattern({ width: 320, height: 180, sound: true }), {
    video: media.videoEncoder,
    audio: media.audioEncoder,
    lingerMs: 0,
  });
  publication = transport.publish(hub, {
    renditions: [
      { height: 180, bitrate: 300_000 },
      { height: 90, bitrate: 100_000 },
    ],
  });
  server = createServer((request, response) => void publication.handle(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `${addressOf(server)}/whep`;
});
afterAll(async () => {
  await publication.close();
  await hub.close();
  server.close();
  await media.close();
  expectNoOpenFrames();
});

afterEach(() => {
  for (const session of publication.sessions) session.close();
});

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length;
/** Goes away as one does whose machine is switched off. */
const vanish = async ({ connection }: WhepClient): Promise<void> => {
  for (const { connection: ice } of connection.iceTransports) await ice.close();
};

describe("a viewer", () => {
  it("is live when it is connected, and is sent pictures and sound without a hole", async () => {
    const viewer = await joinWhep(url, { hasAudio: true });
    await viewer.connected();
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(50);
    await expect.poll(() => viewer.packets.audio).toBeGreaterThan(50);
    const steps = new Set(
      viewer.numbers.slice(1).map((n, at) => (n - (viewer.numbers[at] ?? 0)) & 0xffff),
    );
    expect([...steps]).toEqual([1]);
    const [stats] = publication.sessions.map((session) => session.stats());
    expect(stats).toMatchObject({ state: "live", transport: "webrtc", framesDropped: 0 });
    await expect.poll(() => publication.sessions[0]?.stats().rttMs).not.toBeNull();
    await viewer.leave();
    expect(publication.sessions).toEqual([]);
    await expect.poll(() => hub.stats().renditions).toEqual([]);
  });

  it("goes over to another rendition at a key frame, with numbers that go on", async () => {
    const viewer = await joinWhep(url);
    await viewer.connected();
    const [session] = publication.sessions;
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(20);
    expect(session?.stats().rendition).toContain("320×180");
    session?.switchTo(1);
    await expect.poll(() => session?.stats().rendition).toContain("160×90");
    expect(session?.tier).toBe(1);
    await expect
      .poll(() => hub.stats().renditions.filter((label) => label.includes("h264")))
      .toHaveLength(1);
    const before = viewer.packets.video;
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(before + 20);
    const steps = new Set(
      viewer.numbers.slice(1).map((n, at) => (n - (viewer.numbers[at] ?? 0)) & 0xffff),
    );
    expect([...steps]).toEqual([1]);
    expect(session?.stats().framesDropped).toBe(0);
    await viewer.leave();
  });

  it("is told of data with the time that its frame has on the wire, and says how old frames are", async () => {
    const viewer = await joinWhep(url);
    const messages: { kind: string; timestamp: number; rtpTimestamp: number; value: unknown }[] =
      [];
    viewer.channel.onMessage.subscribe((message) => messages.push(JSON.parse(message.toString())));
    const times = new Set<number>();
    viewer.connection.getTransceivers()[0]?.receiver.track.onReceiveRtp.subscribe(({ header }) => {
      times.add(header.timestamp);
    });
    await viewer.connected();
    await expect
      .poll(() => messages.filter(({ kind }) => kind === "detections").length)
      .toBeGreaterThan(20);
    const told = messages.filter(({ kind }) => kind === "detections");
    await expect
      .poll(() => told.filter(({ rtpTimestamp }) => times.has(rtpTimestamp)).length)
      .toBeGreaterThan(15);
    const [session] = publication.sessions;
    expect(session?.stats().isAgeAcknowledged).toBe(false);
    const last = told.at(-1);
    for (const damaged of ["", "{", '{"shown":{}}', '{"shown":{"agoMs":"x"}}', "x".repeat(2_000)]) {
      viewer.channel.send(damaged);
    }
    viewer.channel.send(JSON.stringify({ shown: { rtpTimestamp: last?.rtpTimestamp, agoMs: 5 } }));
    await expect.poll(() => session?.stats().isAgeAcknowledged).toBe(true);
    await viewer.leave();
  });

  it("that vanishes is sent nothing more and is gone after ten seconds, and others see nothing of it", async () => {
    const viewer = await joinWhep(url);
    const other = await joinWhep(url);
    await Promise.all([viewer.connected(), other.connected()]);
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(20);
    const gone = publication.sessions.find(({ id }) => viewer.session.endsWith(id));
    await vanish(viewer);
    await expect.poll(() => gone?.stats().state, { timeout: 8_000 }).toBe("stale");
    const sent = gone?.stats().framesSent;
    await sleep(300);
    expect(gone?.stats().framesSent).toBe(sent);
    await expect.poll(() => gone?.stats().state, { timeout: 8_000 }).toBe("closed");
    expect(publication.sessions).toHaveLength(1);
    expect(publication.sessions[0]?.stats()).toMatchObject({ state: "live", framesDropped: 0 });
    gone?.close();
    await other.leave();
    await viewer.connection.close();
  }, 40_000);

  it("that never connects does not stay", async () => {
    const viewer = await joinWhep(url);
    await vanish(viewer);
    expect(publication.sessions).toHaveLength(1);
    await expect.poll(() => publication.sessions.length, { timeout: 15_000 }).toBe(0);
    await viewer.connection.close();
  }, 40_000);
});

describe("a publication", () => {
  it("is what it was after two hundred have come and gone", async () => {
    const stayer = await joinWhep(url);
    await stayer.connected();
    for (let turn = 0; turn < 50; turn++) {
      const viewers = await Promise.all([1, 2, 3, 4].map(async () => await joinWhep(url)));
      if (turn % 5 === 0)
        await Promise.all(viewers.map(async (viewer) => await viewer.connected()));
      await Promise.all(viewers.map(async (viewer) => await viewer.leave()));
    }
    expect(publication.sessions).toHaveLength(1);
    expect(publication.sessions[0]?.stats().state).toBe("live");
    const before = stayer.packets.video;
    await expect.poll(() => stayer.packets.video).toBeGreaterThan(before + 20);
    await stayer.leave();
    await expect.poll(sockets).toBe(0);
    await expect.poll(() => hub.stats().renditions).toEqual([]);
    console.info(`memory: ${Math.round(process.memoryUsage().heapUsed / 1e6)} MB of heap`);
  }, 120_000);

  it("sends all away when its source dies", async () => {
    const source = testPattern({ width: 320, height: 180 });
    let fail = (_: Error): void => {};
    const dying = createFrameHub(
      {
        clock: source.clock,
        video$: new Observable((subscriber) => {
          fail = (error) => subscriber.error(error);
          return source.video$.subscribe(subscriber);
        }),
      },
      { video: media.videoEncoder },
    );
    const own = transport.publish(dying);
    const listener = createServer((request, response) => void own.handle(request, response));
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    const viewer = await joinWhep(`${addressOf(listener)}/whep`);
    await viewer.connected();
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(5);
    fail(new Error("the camera is gone"));
    await expect.poll(() => own.sessions.length).toBe(0);
    await viewer.connection.close();
    await own.close();
    await dying.close();
    listener.close();
  });
});
