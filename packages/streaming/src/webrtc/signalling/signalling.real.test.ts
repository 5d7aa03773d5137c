import { createServer, type Server } from "node:http";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, joinWhep, whepOffer } from "../../../test/whep-client.ts";
import { createFrameHub } from "../../hub/frame-hub.ts";
import { nodeDataChannel } from "../../node-datachannel/node-datachannel.ts";
import { testPattern } from "../../pattern/test-pattern.ts";
import { createAdmission } from "../../viewers/admission.ts";
import { werift } from "../../werift/werift.ts";
import { type WebrtcPublication, webrtc } from "../webrtc.ts";

const FRAGMENT = "application/trickle-ice-sdpfrag";
const media = nodeAv({ workers: 1 });
const hub = createFrameHub(testPattern({ width: 320, height: 180 }), {
  video: media.videoEncoder,
  lingerMs: 0,
});
const transport = webrtc({
  peers: werift(),
  hostAddresses: ["127.0.0.1"],
});
const open: WebrtcPublication = transport.publish(hub, {
  viewerIceServers: [{ urls: "turn:turn.example:3478", username: 'a"b', credential: "c" }],
  allowedOrigins: "*",
});
const guarded = transport.publish(hub, {
  authorize: (_, token) => token === "secret",
  admission: createAdmission({ maxViewers: 1 }),
  allowedOrigins: ["https://app.example"],
});
const native = webrtc({ peers: nodeDataChannel(), hostAddresses: ["127.0.0.1"] }).publish(hub);
const vp8Only = transport.publish(hub, { families: ["vp8"] });
let server: Server;
let base = "";

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, first] = (request.url ?? "").split("/");
    const publication = { guarded, native, vp8: vp8Only }[first ?? ""] ?? open;
    void publication.handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = addressOf(server);
});
afterAll(async () => {
  for (const publication of [open, guarded, native, vp8Only]) await publication.close();
  await hub.close();
  server.close();
  await media.close();
  expectNoOpenFrames();
});

const post = async (path: string, body: string, headers: Record<string, string> = {}) =>
  await fetch(`${base}${path}`, {
    method: "POST",
    headers: { "content-type": "application/sdp", ...headers },
    body,
  });

describe("an offer", () => {
  it("is answered with the address of a session, its tag and the servers to go by", async () => {
    const { connection, sdp } = await whepOffer();
    const response = await post("/live/whep", sdp);
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/sdp");
    expect(response.headers.get("location")).toMatch(/^\/live\/whep\/[\w-]{24}$/);
    expect(response.headers.get("etag")).toMatch(/^"[\w-]+"$/);
    expect(response.headers.get("link")).toBe(
      '<turn:turn.example:3478>; rel="ice-server"; username="a\\"b"; credential="c"; credential-type="password"',
    );
    expect(response.headers.get("access-control-expose-headers")).toContain("Location");
    const answer = await response.text();
    expect(answer).toContain("a=sendonly");
    expect(answer).toMatch(/profile-level-id=42e01f/);
    const session = `${base}${response.headers.get("location")}`;
    expect((await fetch(session, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(session, { method: "DELETE" })).status).toBe(404);
    expect(open.sessions).toHaveLength(0);
    await connection.close();
  });

  it("may come as JSON and is answered so", async () => {
    const { connection, sdp } = await whepOffer();
    const response = await fetch(`${base}/offer`, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ sdp, type: "offer" }),
    });
    expect(response.status).toBe(200);
    const { type, sdp: answer, session } = (await response.json()) as Record<string, string>;
    expect(type).toBe("answer");
    expect(answer).toMatch(/^v=0/);
    expect(response.headers.get("location")).toBe(`/${session}`);
    expect((await fetch(`${base}/${session}`, { method: "DELETE" })).status).toBe(200);
    await connection.close();
  });

  it.each([
    ["of another type", 415, "text/plain", "v=0"],
    ["that is no description", 400, "application/sdp", "hello"],
    ["without media", 400, "application/sdp", "v=0\r\ns=-\r\n"],
    ["without a key", 400, "application/sdp", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"],
    ["that is empty", 400, "application/sdp", ""],
    ["that is too long", 413, "application/sdp", `v=0\r\n${"a=x\r\n".repeat(20_000)}`],
  ])("%s is refused with %d", async (_, status, type, body) => {
    const response = await post("/whep", body, { "content-type": type });
    expect(response.status).toBe(status);
    expect(open.sessions).toHaveLength(0);
  });

  it("in JSON that is none is refused", async () => {
    for (const body of ["", "{", "[]", "null", '{"sdp":1,"type":"offer"}', '{"sdp":"v=0"}']) {
      const headers = { "content-type": "application/json" };
      expect((await post("/offer", body, headers)).status).toBe(400);
    }
  });

  it("leaves nothing behind a thousand times when it is damaged", async () => {
    const { connection, sdp } = await whepOffer();
    await connection.close();
    const lines = sdp.split("\r\n");
    // The state of a generator, so that each run is the same.
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const statuses = new Map<number, number>();
    for (let turn = 0; turn < 1_000; turn++) {
      const damaged = [...lines];
      for (let hit = 0; hit <= random(4); hit++) {
        const at = random(damaged.length);
        const line = damaged[at] ?? "";
        const kinds = [
          () => damaged.splice(at, 1),
          () => damaged.splice(at, 1, line.slice(0, random(line.length + 1))),
          () => damaged.splice(at, 0, lines[random(lines.length)] ?? ""),
          () =>
            damaged.splice(
              at,
              1,
              line.replace(/\d+/g, () => String(random(2 ** 31))),
            ),
          () => damaged.splice(at, damaged.length),
        ];
        kinds[random(kinds.length)]?.();
      }
      const response = await post("/whep", damaged.join("\r\n"));
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      const location = response.headers.get("location");
      await response.arrayBuffer();
      if (location) await fetch(`${base}${location}`, { method: "DELETE" });
    }
    console.info("damaged offers were answered with", statuses);
    expect([...statuses.keys()].filter((status) => ![201, 400, 406].includes(status))).toEqual([]);
    expect(open.sessions).toHaveLength(0);
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((name) => name === "UDPWrap").length)
      .toBe(0);
  }, 120_000);

  it("without a codec of ours is met with another, which may be answered", async () => {
    const { connection, sdp } = await whepOffer(["H264"]);
    const response = await post("/vp8/whep", sdp);
    expect(response.status).toBe(406);
    const offer = await response.text();
    expect(offer).toMatch(/VP8\/90000/);
    await connection.close();
    const session = `${base}${response.headers.get("location")}`;
    const answerer = new (await import("werift")).RTCPeerConnection({
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
    });
    await answerer.setRemoteDescription({ type: "offer", sdp: offer });
    for (const { connection: ice } of answerer.iceTransports) delete ice.stunServer;
    await answerer.setLocalDescription(await answerer.createAnswer());
    const patch = async (): Promise<number> =>
      (
        await fetch(session, {
          method: "PATCH",
          headers: { "content-type": "application/sdp" },
          body: answerer.localDescription?.sdp ?? "",
        })
      ).status;
    expect(await patch()).toBe(204);
    await expect.poll(() => vp8Only.sessions[0]?.stats().state).toBe("live");
    expect(await patch()).toBe(409);
    await fetch(session, { method: "DELETE" });
    await answerer.close();
  });
});

describe("who may come", () => {
  it("is told by what it answers to before anything is sent", async () => {
    const origin = "https://app.example";
    const response = await fetch(`${base}/guarded/whep`, {
      method: "OPTIONS",
      headers: { origin },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("accept-post")).toBe("application/sdp");
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(response.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(response.headers.get("access-control-allow-headers")).toContain("Authorization");
    const get = await fetch(`${base}/guarded/whep`);
    expect(get.status).toBe(401);
    expect((await fetch(`${base}/whep`)).status).toBe(405);
  });

  it("of pages of elsewhere are not let in where nobody named them", async () => {
    const response = await fetch(`${base}/vp8`, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST" },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    const { connection, sdp } = await whepOffer();
    const sent = await post("/vp8/whep", sdp, { origin: "https://app.example" });
    expect(sent.status).toBe(403);
    expect(await sent.text()).toContain("allowedOrigins");
    expect(vp8Only.sessions).toHaveLength(0);
    await connection.close();
  });

  it("shows its token, and finds no place when all are taken", async () => {
    const { connection, sdp } = await whepOffer();
    expect((await post("/guarded/whep", sdp)).status).toBe(401);
    const headers = { authorization: "Bearer secret" };
    const first = await post("/guarded/whep", sdp, headers);
    expect(first.status).toBe(201);
    const second = await post("/guarded/whep", sdp, headers);
    expect(second.status).toBe(503);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    const session = `${base}${first.headers.get("location")}`;
    expect((await fetch(session, { method: "DELETE" })).status).toBe(401);
    expect((await fetch(session, { method: "DELETE", headers })).status).toBe(200);
    const third = await post("/guarded/whep", sdp, headers);
    expect(third.status).toBe(201);
    guarded.sessions[0]?.close();
    await connection.close();
  });
});

describe("candidates that come later", () => {
  it("may not make connections anew where the library cannot: 422, and the session goes on", async () => {
    const viewer = await joinWhep(`${base}/native/whep`, { codecs: ["H264"] });
    const offered = viewer.connection.localDescription?.sdp ?? "";
    const patch = async (ufrag: string | undefined, match: string) =>
      await fetch(viewer.session, {
        method: "PATCH",
        headers: { "content-type": FRAGMENT, "if-match": match },
        body: `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${/a=ice-pwd:(\S+)/.exec(offered)?.[1]}\r\na=end-of-candidates\r\n`,
      });
    const ufrag = /a=ice-ufrag:(\S+)/.exec(offered)?.[1];
    const refused = await patch("abcd", "*");
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("open another session");
    expect(refused.headers.get("etag")).toBeNull();
    // What it can do it does, before and after.
    expect((await patch(ufrag, viewer.etag)).status).toBe(204);
    await viewer.connected();
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(10);
    expect((await patch("abcd", "*")).status).toBe(422);
    const before = viewer.packets.video;
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(before + 10);
    expect(native.sessions[0]?.stats().state).toBe("live");
    await viewer.leave();
  });

  it("need the tag of the session, and another one after a restart", async () => {
    const viewer = await joinWhep(`${base}/whep`);
    const patch = async (body: string, headers: Record<string, string> = {}) =>
      await fetch(viewer.session, {
        method: "PATCH",
        headers: { "content-type": FRAGMENT, ...headers },
        body,
      });
    const [session] = open.sessions;
    const offered = viewer.connection.localDescription?.sdp ?? "";
    const ufrag = /a=ice-ufrag:(\S+)/.exec(offered)?.[1];
    const password = /a=ice-pwd:(\S+)/.exec(offered)?.[1];
    const candidate = "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host";
    const mid = /a=mid:(\S+)/.exec(offered)?.[1];
    const body = `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${password}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:${mid}\r\n${candidate}\r\na=end-of-candidates\r\n`;
    expect((await patch(body)).status).toBe(428);
    const stale = await patch(body, { "if-match": '"other"' });
    expect(stale.status).toBe(412);
    expect((await patch("a=nothing", { "if-match": viewer.etag })).status).toBe(400);
    const taken = await patch(body, { "if-match": viewer.etag });
    expect(taken.status).toBe(204);
    expect(taken.headers.get("etag")).toBeNull();
    expect((await patch(body, { "content-type": "text/plain" })).status).toBe(415);

    await viewer.connected();
    await expect.poll(() => viewer.packets.video).toBeGreaterThan(10);
    // Other credentials, as after a change of network.
    const restart = await patch(
      body.replace(`${ufrag}`, "abcd").replace(`${password}`, "abcdefghijklmnopqrstuv"),
      { "if-match": "*" },
    );
    expect(restart.status).toBe(200);
    expect(restart.headers.get("content-type")).toBe(FRAGMENT);
    const etag = restart.headers.get("etag");
    expect(etag).not.toBe(viewer.etag);
    const ours = await restart.text();
    expect(ours).toMatch(/^a=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n/);
    expect(ours).toContain("a=candidate:");
    expect(viewer.answer).not.toContain(/a=ice-ufrag:\S+/.exec(ours)?.[0]);
    expect((await patch(body, { "if-match": viewer.etag })).status).toBe(412);
    expect(session?.stats().state).toBe("live");
    await viewer.leave();
  });
});
