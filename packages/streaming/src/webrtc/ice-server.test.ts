import { describe, expect, it, test } from "vitest";
import { checkIce, iceUrls, readableServers } from "./ice-server.ts";
import type { PeerTransport } from "./peer-transport.ts";

const login = { username: "u", credential: "c" };

test("ports and transports that go without saying are those of RFC 7064, 7065 and TLS", () => {
  const urls = (...urls: string[]) =>
    iceUrls([{ urls, ...login }]).map(({ username: _, credential: __, ...url }) => url);
  expect(urls("stun:a.example", "STUN:b.example:9", "stuns:c.example")).toEqual([
    { kind: "stun", host: "a.example", port: 3478, transport: "udp" },
    { kind: "stun", host: "b.example", port: 9, transport: "udp" },
    { kind: "stun", host: "c.example", port: 5349, transport: "tls" },
  ]);
  expect(
    urls(
      "turn:1.2.3.4?transport=tcp",
      "turn:[::1]:5?transport=udp",
      "turns:d",
      "turns:e:443?transport=udp",
    ),
  ).toEqual([
    { kind: "turn", host: "1.2.3.4", port: 3478, transport: "tcp" },
    { kind: "turn", host: "::1", port: 5, transport: "udp" },
    { kind: "turn", host: "d", port: 5349, transport: "tls" },
    { kind: "turn", host: "e", port: 443, transport: "dtls" },
  ]);
  expect(iceUrls([{ urls: "turn:a", ...login }])).toMatchObject([login]);
});

test.each([
  "",
  "a.example:3478",
  "http://a.example",
  "stun://a.example",
  "stun:",
  "stun:a:0",
  "stun:a:65536",
  "stun:a:1:2",
  "stun:u@a",
  "stun:a?transport=udp",
  "turn:a?transport=sctp",
  "turn:a b",
  "turn:::1",
  undefined as never,
  5 as never,
])("%j is no address of a server", (urls) => {
  expect(() => iceUrls([{ urls, ...login }])).toThrow(/is no address of a STUN or TURN server/);
});

test.each([{}, { username: "u" }, { username: "u", credential: "" }])(
  "TURN wants a name and a password: %j",
  (some) => {
    expect(() => iceUrls([{ urls: "turn:a.example", ...some }])).toThrow(
      /turn:a\.example wants a username and a credential/,
    );
  },
);

test("a login in an address is refused, and told to nobody", () => {
  const urls = "turn:user:s3cr3t@p@a.example";
  expect(() => iceUrls([{ urls, ...login }])).toThrow(/"turn:…@a\.example" is no address/);
});

test("what somebody else names is passed over where it cannot be read", () => {
  const good = { urls: "stun:a.example" };
  expect(readableServers([{ urls: "turn:b" }, good, { urls: "stun:?" }])).toEqual([good]);
});

describe("TURN alone", () => {
  const peers = (turn: PeerTransport["capabilities"]["turn"]) =>
    ({ name: "one", capabilities: { relayOnly: true, turn } }) as PeerTransport;
  const check = (urls: string, turn: PeerTransport["capabilities"]["turn"]) => () =>
    checkIce(
      "webrtc",
      { iceTransportPolicy: "relay", iceServers: [{ urls, ...login }] },
      peers(turn),
    );

  it("is refused where no server of it can be spoken to, with the form that can", () => {
    expect(check("stun:a", ["udp"])).toThrow(
      'webrtc: iceTransportPolicy is "relay", and iceServers have no TURN server that one can speak to; give one such as "turn:host?transport=udp".',
    );
    expect(check("turns:a", ["udp", "tcp"])).toThrow(
      /transport=udp" or "turn:host\?transport=tcp"/,
    );
    expect(check("turn:a?transport=tcp", ["udp"])).toThrow(/no TURN server/);
    expect(check("turn:a", [])).toThrow(/can speak to; give one\./);
  });

  it("is taken where one can be", () => {
    expect(check("turn:a", ["udp"])).not.toThrow();
    expect(check("turn:a?transport=tcp", ["udp", "tcp"])).not.toThrow();
  });
});
