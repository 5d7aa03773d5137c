import { execFile, spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { firstValueFrom } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf } from "../../test/whep-client.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { nodeDataChannel } from "../node-datachannel/node-datachannel.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { werift } from "../werift/werift.ts";
import { webrtc } from "./webrtc.ts";
import { createWhipIngest } from "./whip/whip-ingest.ts";

const PEER = fileURLToPath(new URL("../../test/aiortc_peer.py", import.meta.url));
const isThere = spawnSync("/usr/bin/python3", ["-c", "import aiortc"]).status === 0;
if (!isThere) console.warn("skipped: there is no aiortc: apt-get install python3-aiortc");
const run = (...args: string[]) =>
  promisify(execFile)("/usr/bin/python3", [PEER, ...args], { timeout: 60_000 });

describe.skipIf(!isThere).each([
  ["werift", werift],
  ["node-datachannel", nodeDataChannel],
])("aiortc before %s", (_, peers) => {
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ width: 320, height: 180 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  const hostAddresses = ["127.0.0.1"];
  const h264 = webrtc({ peers: peers(), hostAddresses }).publish(hub);
  const vp8 = webrtc({ peers: peers(), hostAddresses }).publish(hub, { families: ["vp8"] });
  const ingest = createWhipIngest({ peers: peers(), hostAddresses, families: ["vp8", "h264"] });
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const taker = { "/vp8": vp8, "/whip": ingest }[request.url ?? ""] ?? h264;
      void taker.handle(request, response);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterAll(async () => {
    for (const one of [h264, vp8, ingest, hub]) await one.close();
    server.close();
    await media.close();
    expectNoOpenFrames();
  });

  it.each(["h264", "vp8"])(
    "shows %s",
    async (codec) => {
      const { stdout } = await run("watch", `${addressOf(server)}/${codec}`);
      expect(stdout).toBe("30 320 180\n");
    },
    70_000,
  );

  it.each(["h264", "vp8"])(
    "publishes %s, and what it sends is decoded",
    async (codec) => {
      const publishing = run("publish", `${addressOf(server)}/whip`, codec);
      try {
        await expect.poll(async () => (await firstValueFrom(ingest.publishers$)).length).toBe(1);
        const [publisher] = await firstValueFrom(ingest.publishers$);
        expect(publisher?.family).toBe(codec);
        let frames = 0;
        const decoded = publisher?.decode(media.decoder).video$.subscribe(() => frames++);
        await expect.poll(() => frames).toBeGreaterThan(20);
        decoded?.unsubscribe();
        publisher?.close();
      } finally {
        // It publishes until then.
        publishing.child.stdin?.end();
        await publishing;
      }
    },
    70_000,
  );
});
