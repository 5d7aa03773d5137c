import { createServer } from "node:http";
import { EMPTY, of } from "rxjs";
import { expect, it } from "vitest";
import { addressOf } from "../../../test/whep-client.ts";
import { createFrameHub } from "../../hub/frame-hub.ts";
import type { PeerTransport } from "../peer-transport.ts";
import { webrtc } from "../webrtc.ts";

/** A library whose connections have failed by the time that it hands them over. */
const failing: PeerTransport = {
  apiVersion: 1,
  name: "failing",
  capabilities: {
    feedback: false,
    receive: false,
    channels: false,
    iceRestart: false,
    relayOnly: false,
    turn: [],
  },
  async answer() {
    const close = async (): Promise<void> => {};
    return {
      localDescription: "v=0",
      state$: of("failed" as const),
      video: undefined,
      audio: undefined,
      receivers$: EMPTY,
      channels$: EMPTY,
      reports$: EMPTY,
      addRemoteCandidate: close,
      acceptAnswer: close,
      restartIce: async () => "",
      close,
      [Symbol.asyncDispose]: close,
    };
  },
  offer: async () => await Promise.reject(new Error("none")),
};
const OFFER =
  "v=0\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=fingerprint:c\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n";

it("lets go of a viewer whose connection has failed before it had a session", async () => {
  const hub = createFrameHub({ clock: { now: () => 0 } });
  const publication = webrtc({ peers: failing }).publish(hub);
  const server = createServer((request, response) => void publication.handle(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const response = await fetch(addressOf(server), {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: OFFER,
  });
  expect(response.status).toBe(201);
  expect(publication.sessions).toEqual([]);
  await publication.close();
  server.close();
});
