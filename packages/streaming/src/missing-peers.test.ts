// What an application has not installed is said with what installs it, to whoever asks for it.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import type { VideoEncoderBackend } from "@millrace/media";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { afterEach, expect, it, vi } from "vitest";
import { openSocket, refusedHandshake } from "../test/socket-client.ts";
import { whepOffer } from "../test/whep-client.ts";
import { createFrameHub, type FrameHubOptions } from "./hub/frame-hub.ts";
import { nodeDataChannel } from "./node-datachannel/node-datachannel.ts";
import { testPattern } from "./pattern/test-pattern.ts";
import type { Publication } from "./transport.ts";
import { createAdmission } from "./viewers/admission.ts";
import { webrtc } from "./webrtc/webrtc.ts";
import { websocket } from "./websocket/websocket.ts";
import { werift } from "./werift/werift.ts";

const SIZE = { width: 320, height: 180 };
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.doUnmock("ws");
  vi.doUnmock("werift");
  vi.doUnmock("node-datachannel");
});

/** As if it were not installed. */
function withhold(name: string): void {
  vi.doMock(name, () => {
    throw new Error(`Cannot find package '${name}'`);
  });
}

/** Encodes nothing: nobody comes as far as that. */
const video = {
  ...{ apiVersion: 1, name: "none", families: ["h264", "vp8"] },
  async open(): Promise<never> {
    throw new Error("it was opened");
  },
} as const satisfies VideoEncoderBackend;

async function serve(
  publish: (hub: ReturnType<typeof createFrameHub>) => Publication,
  options: FrameHubOptions,
): Promise<string> {
  const hub = createFrameHub(testPattern(SIZE), { lingerMs: 0, ...options });
  const publication = publish(hub);
  const server: Server = createServer((request, response) => {
    void publication.handle(request, response);
  });
  if (publication.upgrade) server.on("upgrade", publication.upgrade);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(
    () => hub.close(),
    () => publication.close(),
    async () => void server.close(),
  );
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("ws: a viewer is told before its socket is opened, and holds no seat", async () => {
  withhold("ws");
  const admission = createAdmission({ maxViewers: 1 });
  const host = await serve((hub) => websocket().publish(hub, { admission }), {
    images: jpegTurbo(),
  });
  for (let turn = 0; turn < 2; turn++) {
    expect(await refusedHandshake(`ws://${host}/?codec=jpeg`)).toMatchObject({
      ...{ status: 501, code: "MISSING_DEPENDENCY" },
      message: "websocket: the package ws cannot be loaded; install it: npm install ws@^8.23.0",
    });
  }
  await expect.poll(() => admission.viewers).toBe(0);
});

it.each([
  ["werift", werift, "npm install werift@0.25.2"],
  ["node-datachannel", nodeDataChannel, "npm install node-datachannel@~0.33.4"],
] as const)("%s: an offer is answered so, and holds no seat", async (name, peers, install) => {
  // Made by the library that the next line takes away.
  const { connection, sdp } = await whepOffer();
  await connection.close();
  withhold(name);
  const admission = createAdmission({ maxViewers: 1 });
  const transport = webrtc({ peers: peers() });
  const host = await serve((hub) => transport.publish(hub, { admission }), { video });
  for (let turn = 0; turn < 2; turn++) {
    const response = await fetch(`http://${host}/whep`, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: sdp,
    });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({
      code: "MISSING_DEPENDENCY",
      message: `${name}: the package ${name} cannot be loaded; install it: ${install}`,
    });
  }
  await expect.poll(() => admission.viewers).toBe(0);
});

it("an encoder of video: an offer is answered so before a connection is made", async () => {
  const { connection, sdp } = await whepOffer();
  await connection.close();
  const host = await serve((hub) => webrtc({ peers: werift() }).publish(hub), {});
  const response = await fetch(`http://${host}/whep`, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: sdp,
  });
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({
    code: "MISSING_DEPENDENCY",
    message: expect.stringContaining("nodeAv().videoEncoder of @millrace/media/node-av"),
  });
});

it("node-av: a viewer whose frames cannot be encoded is sent away, and told why", async () => {
  const media = nodeAv({ workers: 1, lib: pathToFileURL("/nowhere/none.mjs") });
  closing.push(() => media.close());
  const host = await serve((hub) => websocket().publish(hub), { video: media.videoEncoder });
  const client = await openSocket(`ws://${host}/?codec=h264`);
  const { code, reason } = await client.closed;
  expect(code).toBe(1011);
  expect(reason).toContain("npm install node-av@");
});
