import { expect, test } from "vitest";
import { sdpFragment } from "./whep-session.ts";

test("a fragment names the section and the credentials of the offer", () => {
  const sdp = [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:secret",
    "a=mid:0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=mid:1",
    "",
  ].join("\r\n");
  const candidate = "candidate:1 1 udp 1 127.0.0.1 5000 typ host";
  expect(sdpFragment(sdp, [{ candidate, sdpMid: "0" }], true).split("\r\n")).toEqual([
    "a=ice-ufrag:abcd",
    "a=ice-pwd:secret",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=mid:0",
    `a=${candidate}`,
    "a=end-of-candidates",
    "",
  ]);
});
