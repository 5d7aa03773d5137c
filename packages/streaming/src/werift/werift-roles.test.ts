import { expect, it } from "vitest";
import { RTCPeerConnection } from "werift";
import { werift } from "./werift.ts";

it.each([
  ["actpass", "passive"],
  ["active", "passive"],
  ["passive", "active"],
])("to one who is %s in the handshake it is %s", async (theirs, ours) => {
  const offering = new RTCPeerConnection({});
  offering.addTransceiver("video", { direction: "recvonly" });
  const { sdp } = await offering.createOffer();
  await offering.close();
  await using peer = await werift().answer(sdp.replaceAll(/a=setup:\w+/g, `a=setup:${theirs}`), {
    ...{ families: ["h264", "vp8"], hasAudio: false, playoutDelayMs: null },
  });
  expect(peer.localDescription.match(/a=setup:\w+/g)).toEqual([`a=setup:${ours}`]);
});
