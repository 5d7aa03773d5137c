import { filter, firstValueFrom } from "rxjs";
import { expect, it } from "vitest";
import { whepOffer } from "../../test/whep-client.ts";
import type { PeerState } from "../webrtc/peer-transport.ts";
import { hasProvenKey } from "./has-proven-key.ts";
import { werift } from "./werift.ts";
import type { WeriftDtls } from "./werift-library.ts";

/** The handshake of a viewer in this process; `harm` is called with its cipher before it says anything. */
async function shakeHands(
  theirs: "actpass" | "passive",
  harm: (cipher: Record<string, unknown>) => void = () => {},
  look: (dtls: WeriftDtls) => void = () => {},
): Promise<PeerState> {
  const { connection, sdp } = await whepOffer(["H264"]);
  const [transport] = connection.dtlsTransports;
  if (!transport) throw new Error("There is no transport.");
  transport.onStateChange.subscribe((state) => {
    if (state !== "connecting") return;
    // It is made in this turn, and begins a tenth of a second later, or when it is spoken to.
    queueMicrotask(() => harm((transport.dtls as unknown as { cipher: never }).cipher));
  });
  const peer = await werift().answer(sdp.replaceAll("a=setup:actpass", `a=setup:${theirs}`), {
    ...{ families: ["h264"], hasAudio: false, playoutDelayMs: null },
    hostAddresses: ["127.0.0.1"],
  });
  try {
    const settled = firstValueFrom(
      peer.state$.pipe(filter((state) => ["connected", "failed", "closed"].includes(state))),
    );
    await connection.setRemoteDescription({ type: "answer", sdp: peer.localDescription });
    const state = await settled;
    if (state === "connected") {
      await expect.poll(() => transport.state).toBe("connected");
      look(transport.dtls as unknown as WeriftDtls);
    }
    return state;
  } finally {
    await peer.close();
    await connection.close();
  }
}
/** Signs something else: as a client what was said, as a server its half of the exchange. */
const forged = (cipher: Record<string, unknown>): void => {
  for (const name of ["signatureData", "generateKeySignature"]) {
    const honest = cipher[name] as (...args: readonly unknown[]) => Buffer;
    cipher[name] = (...args: readonly unknown[]) => {
      const signature = Buffer.from(honest.apply(cipher, [...args]));
      signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
      return signature;
    };
  }
};

it.each(["actpass", "passive"] as const)("connects to a viewer who is %s", async (theirs) => {
  expect(await shakeHands(theirs)).toBe("connected");
});

it.each(["actpass", "passive"] as const)(
  "sends nothing to a viewer who is %s and cannot sign for its certificate",
  async (theirs) => {
    expect(await shakeHands(theirs, forged)).toBe("failed");
  },
);

it.each([
  ["client", "actpass"],
  ["server", "passive"],
] as const)("as a %s takes no half of the exchange that was not signed", async (role, theirs) => {
  expect.assertions(4);
  const look = (dtls: WeriftDtls): void => {
    expect(hasProvenKey(dtls, role)).toBe(true);
    const remoteKeyPair = { publicKey: Buffer.alloc(32, 7) };
    const swapped = { dtls: dtls.dtls, cipher: { ...dtls.cipher, remoteKeyPair } };
    expect(hasProvenKey(swapped, role)).toBe(false);
  };
  expect(await shakeHands(theirs, undefined, look)).toBe("connected");
});
