import { createServer, type Server } from "node:http";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { firstValueFrom, NEVER } from "rxjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addressOf, whepOffer } from "../../../test/whep-client.ts";
import { createFrameHub } from "../../hub/frame-hub.ts";
import { nodeDataChannel } from "../../node-datachannel/node-datachannel.ts";
import { readPatternMarks } from "../../pattern/pattern-marks.ts";
import { testPattern } from "../../pattern/test-pattern.ts";
import { werift } from "../../werift/werift.ts";
import { publishWhip, type WhipPublication } from "./publish-whip.ts";
import { createWhipIngest } from "./whip-ingest.ts";

const media = nodeAv({ workers: 2 });
const hub = createFrameHub(testPattern({ width: 320, height: 180, sound: true, framerate: 15 }), {
  video: media.videoEncoder,
  audio: media.audioEncoder,
  lingerMs: 0,
});
const hostAddresses = ["127.0.0.1"];
const ingest = createWhipIngest({
  peers: werift(),
  hostAddresses,
  authorize: (_, token) => token === "key",
});
let server: Server;
let isDown = false;
const requests: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (isDown) response.writeHead(503).end();
    else if (request.url === "/moved") response.writeHead(307, { location: "/whip" }).end();
    else void ingest.handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
const publications: WhipPublication[] = [];
afterEach(async () => {
  for (const publication of publications.splice(0)) await publication.close();
  isDown = false;
  requests.length = 0;
});
afterAll(async () => {
  await ingest.close();
  await hub.close();
  server.close();
  await media.close();
  expectNoOpenFrames();
});

const publish = (options: Partial<Parameters<typeof publishWhip>[1]> = {}): WhipPublication => {
  const url = `${addressOf(server)}/whip`;
  const publication = publishWhip(hub, {
    url,
    token: "key",
    peers: werift(),
    hostAddresses,
    ...options,
  });
  publications.push(publication);
  return publication;
};
const present = async () => await firstValueFrom(ingest.publishers$);

describe("a stream that is published by WHIP and taken by WHIP", () => {
  it.each([
    ["werift", "h264", werift],
    ["werift", "vp8", werift],
    ["node-datachannel", "h264", nodeDataChannel],
  ] as const)("comes with its numbers in order and its sound: %s, %s", async (_, family, peers) => {
    publish({ families: [family], peers: peers() });
    await expect.poll(async () => (await present()).length).toBe(1);
    const [publisher] = await present();
    const sounds: number[] = [];
    publisher?.sound$.subscribe(({ timestamp }) => sounds.push(timestamp));
    const numbers: number[] = [];
    const decoded = publisher?.decode(media.decoder).video$.subscribe((frame) => {
      const { data, codedWidth, codedHeight } = frame;
      const marks = readPatternMarks(
        codedWidth,
        codedHeight,
        (x, y) => data[y * codedWidth + x] ?? 0,
      );
      if (marks) numbers.push(marks.number);
    });
    await expect.poll(() => numbers.length).toBeGreaterThan(30);
    expect(publisher?.family).toBe(family);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    await expect.poll(() => sounds.length).toBeGreaterThan(30);
    expect(new Set(sounds.slice(1).map((at, before) => at - (sounds[before] ?? 0)))).toEqual(
      new Set([20_000]),
    );
    decoded?.unsubscribe();
    const ended = firstValueFrom(publisher?.closed$ ?? NEVER);
    await publications[0]?.close();
    expect(requests.at(-1)).toMatch(/^DELETE \/whip\/[\w-]{24}$/);
    expect(await ended).toBe("it left");
    expect(await present()).toEqual([]);
  });

  it("goes where the server sends it", async () => {
    publish({ url: `${addressOf(server)}/moved` });
    await expect.poll(async () => (await present()).length).toBe(1);
    expect(requests).toEqual(["POST /moved", "POST /whip"]);
  });

  it("is not taken without the key, says why, and goes on trying", async () => {
    const publication = publish({ token: "wrong" });
    await expect.poll(() => requests.length).toBeGreaterThan(1);
    expect(publication.lastFailure).toMatchObject({ code: "REMOTE_FAILED" });
    // One of the test before may have left amid its joining, which the server notices by and by.
    await expect.poll(present, { timeout: 20_000 }).toEqual([]);
  }, 30_000);

  it("comes again when the server had sent it away", async () => {
    const publication = publish();
    await expect.poll(async () => (await present()).length).toBe(1);
    const [first] = await present();
    await expect.poll(async () => await firstValueFrom(publication.state$)).toBe("live");
    first?.close();
    await expect
      .poll(async () => (await present())[0]?.id ?? first?.id, { timeout: 60_000 })
      .not.toBe(first?.id);
  }, 90_000);

  it("is refused as a whole where nothing of it can be taken: 406, with the reason", async () => {
    await using vp8 = createWhipIngest({ peers: werift(), hostAddresses, families: ["vp8"] });
    const other = createServer((request, response) => void vp8.handle(request, response));
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { connection, sdp } = await whepOffer(["H264"]);
    const response = await fetch(`${addressOf(other)}/whip`, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: sdp.replaceAll("a=recvonly", "a=sendonly"),
    });
    expect(response.status).toBe(406);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.json()).toMatchObject({ code: "UNSUPPORTED" });
    expect(await firstValueFrom(vp8.publishers$)).toEqual([]);
    const publication = publish({ url: `${addressOf(other)}/whip`, families: ["h264"] });
    await expect.poll(() => publication.lastFailure).toMatchObject({ code: "REMOTE_FAILED" });
    expect(String(publication.lastFailure)).toContain("answered 406");
    await connection.close();
    other.close();
  });

  it("is refused where its address is none", () => {
    expect(() => publish({ url: "nowhere" })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});
