import { createAdmission } from "@millrace/streaming";
import { expect, test } from "vitest";
import { serverSettings } from "../settings.ts";
import { createTransports } from "./transports.ts";

const make = (settings: object) =>
  createTransports(serverSettings.parse(settings), createAdmission(), undefined);

test("a server with addresses of ICE that cannot be used does not start", () => {
  expect(() => make({ iceServers: "stun:a.example,turn:b.example" })).toThrow(
    "iceServers names a TURN server; give turnUser and turnPassword too (MILLRACE_TURN_USER, MILLRACE_TURN_PASSWORD).",
  );
  expect(() => make({ iceServers: "a.example" })).toThrow(/"a\.example" is no address/);
});

test("a STUN and a TURN server with its name and password are taken", () => {
  const { states } = make({
    iceServers: "stun:a.example, turns:b.example:443",
    turnUser: "u",
    turnPassword: "p",
  });
  expect(states.mjpeg).toEqual({ available: true });
});
