import { setTimeout as sleep } from "node:timers/promises";
import { filter, firstValueFrom } from "rxjs";
import { expect, it } from "vitest";
import * as library from "werift";
import { whepOffer } from "../../test/whep-client.ts";
import { werift } from "./werift.ts";
import type { WeriftConnection, WeriftLibrary } from "./werift-library.ts";

const LATE_MS = 300;

it("takes a handshake that began before it knew of the road", async () => {
  let ours: library.RTCPeerConnection | undefined;
  const peers = werift({
    lib: {
      ...(library as unknown as WeriftLibrary),
      RTCPeerConnection: class {
        constructor(config: never) {
          ours = new library.RTCPeerConnection(config);
          // biome-ignore lint/correctness/noConstructorReturn: it is made as werift's own, which has private fields.
          return ours as never;
        }
      } as unknown as new (
        config: object,
      ) => WeriftConnection,
    } as WeriftLibrary,
  });
  const { connection, sdp } = await whepOffer(["H264"]);
  await using peer = await peers.answer(sdp, {
    ...{ families: ["h264"], hasAudio: false, playoutDelayMs: null },
    hostAddresses: ["127.0.0.1"],
  });
  try {
    const [transport] = ours?.dtlsTransports ?? [];
    if (!transport) throw new Error("There is no transport.");
    const start = transport.start.bind(transport);
    transport.start = async () => {
      await sleep(LATE_MS);
      await start();
    };
    const hellos = new Set<Buffer>();
    transport.iceTransport.connection.onData.subscribe((data) => {
      if (isFirstHello(data)) hellos.add(data);
    });
    const settled = firstValueFrom(peer.state$.pipe(filter((state) => state === "connected")));
    await connection.setRemoteDescription({ type: "answer", sdp: peer.localDescription });
    await settled;
    expect(hellos.size).toBe(1);
  } finally {
    await connection.close();
  }
});

/** A hello of a client without a cookie: what a handshake begins with, and begins again with when nobody answers. */
function isFirstHello(data: Buffer): boolean {
  const [recordHeader, handshakeHeader, versionAndRandom] = [13, 12, 34];
  const session = recordHeader + handshakeHeader + versionAndRandom;
  if (data[0] !== 22 || data[recordHeader] !== 1) return false;
  return data[session + 1 + (data[session] ?? 0)] === 0;
}
