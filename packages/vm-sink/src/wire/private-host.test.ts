import { describe, expect, it } from "vitest";
import { isPrivateHost } from "./private-host.ts";

describe("isPrivateHost", () => {
  it.each([
    "localhost",
    "127.0.0.1",
    "127.8.9.1",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "10.200.3.4",
    "172.31.0.1",
    "192.168.1.1",
    "vminsert",
    "vminsert.monitoring.svc",
    "vminsert.monitoring.svc.cluster.local",
    "nas.lan",
  ])("says yes to %s", (host) => {
    expect(isPrivateHost(host)).toBe(true);
  });

  it.each([
    "example.com",
    "8.8.8.8",
    "172.32.0.1",
    "[2001:db8::1]",
    "localhost.example.com",
    "xlan.de",
  ])("says no to %s", (host) => {
    expect(isPrivateHost(host)).toBe(false);
  });
});
