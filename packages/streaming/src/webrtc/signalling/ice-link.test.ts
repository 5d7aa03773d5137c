import { expect, test } from "vitest";
import { iceLinks, readIceLinks } from "./ice-link.ts";

test("servers of Link headers are read, whatever stands between them", () => {
  const link =
    '<https://example.org/x>; rel="next", <stun:stun.example.org>; rel="ice-server", ' +
    '<turn:turn.example.org?transport=udp>; rel="ice-server"; username="u,1"; credential="p;2"; credential-type="password",' +
    "<turns:turn.example.org:443>;rel=ice-server;username=u2;credential=p2, <javascript:x>; rel=ice-server, " +
    "<TURN:a.example>; title*=UTF-8''a; ours; rel=ice-server; username=u; credential=p, " +
    "<turn:nobody.example>; rel=ice-server";
  expect(readIceLinks(link)).toEqual([
    { urls: "stun:stun.example.org" },
    { urls: "turn:turn.example.org?transport=udp", username: "u,1", credential: "p;2" },
    { urls: "turns:turn.example.org:443", username: "u2", credential: "p2" },
    { urls: "TURN:a.example", username: "u", credential: "p" },
  ]);
  expect(readIceLinks("")).toEqual([]);
});

test("a header of brackets alone names nothing", () => {
  expect(readIceLinks("<".repeat(16_384))).toEqual([]);
  expect(readIceLinks(`<turn:a>${"; =".repeat(4_096)}`)).toEqual([]);
});

test("what is written is read, whatever a password is made of", () => {
  const servers = [
    { urls: "stun:stun.example.org" },
    { urls: "turn:turn.example.org", username: 'a"b\\', credential: '<c>; rel="d", e\\"' },
  ];
  expect(readIceLinks(iceLinks(servers))).toEqual(servers);
});
