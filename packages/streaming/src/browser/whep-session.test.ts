import { expect, test } from "vitest";
import { iceServersOf, sdpFragment } from "./whep-session.ts";

test("servers of Link headers are read, whatever stands between them", () => {
  const link =
    '<https://example.org/x>; rel="next", <stun:stun.example.org>; rel="ice-server", ' +
    '<turn:turn.example.org?transport=udp>; rel="ice-server"; username="u,1"; credential="p;2"; credential-type="password",' +
    "<turns:turn.example.org:443>;rel=ice-server;username=u2;credential=p2, <javascript:x>; rel=ice-server";
  expect(iceServersOf(link)).toEqual([
    { urls: "stun:stun.example.org" },
    { urls: "turn:turn.example.org?transport=udp", username: "u,1", credential: "p;2" },
    { urls: "turns:turn.example.org:443", username: "u2", credential: "p2" },
  ]);
  expect(iceServersOf("")).toEqual([]);
});

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
