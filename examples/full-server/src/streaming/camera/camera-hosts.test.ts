import { MillraceError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { type CameraAddress, cameraHosts } from "./camera-hosts.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "camera.example": ["192.0.2.7"],
  "two.example": ["169.254.169.254", "192.0.2.8"],
  "metadata.example": ["169.254.169.254"],
  "mapped.example": ["::ffff:169.254.169.254"],
  "mine.example": ["127.0.0.1"],
  "six.example": ["::1"],
  localhost: ["127.0.0.1"],
};
const lookup = async (name: string): Promise<readonly CameraAddress[]> => {
  const found = NAMES[name];
  if (!found) throw new Error("ENOTFOUND");
  return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
};
const resolve = async (list: readonly string[], host: string, port = 554): Promise<string> =>
  await cameraHosts(list, lookup)
    .resolve(host, port)
    .then(
      ({ address }) => address,
      (error) => (MillraceError.is(error) ? error.code : "?"),
    );

describe("hosts of cameras", () => {
  it.each([
    [["camera.example"], "camera.example", "192.0.2.7"],
    [["Camera.Example:554"], "CAMERA.example", "192.0.2.7"],
    [["camera.example:80"], "camera.example", "INVALID_OPTION"],
    [["camera.example"], "other.camera.example", "INVALID_OPTION"],
    [["gone.example"], "gone.example", "REMOTE_FAILED"],
    [["192.0.2.0/24"], "gone.example", "INVALID_OPTION"],
    // An address that is listed may be reached by any name of it.
    [["192.0.2.0/24"], "camera.example", "192.0.2.7"],
    [["192.0.2.0/24"], "192.0.2.9", "192.0.2.9"],
    [["192.0.2.0/24"], "192.0.3.9", "INVALID_OPTION"],
    [["192.0.2.7:554"], "192.0.2.7", "192.0.2.7"],
    [["192.0.2.7:8080"], "192.0.2.7", "INVALID_OPTION"],
    [["[2001:db8::7]:554"], "[2001:db8::7]", "2001:db8::7"],
    [["2001:db8::/32"], "[2001:db8:1::7]", "2001:db8:1::7"],
    [["2001:db8::7"], "2001:db8::8", "INVALID_OPTION"],
    // The address of a name is not reached because the name is.
    [["camera.example"], "192.0.2.7", "INVALID_OPTION"],
  ])("%j, asked for %s: %s", async (list, host, outcome) => {
    expect(await resolve(list, host)).toBe(outcome);
  });

  it.each([
    [["metadata.example"], "metadata.example", "INVALID_OPTION"],
    [["mapped.example"], "mapped.example", "INVALID_OPTION"],
    [["mine.example"], "mine.example", "INVALID_OPTION"],
    [["six.example"], "six.example", "INVALID_OPTION"],
    [["two.example"], "two.example", "192.0.2.8"],
    [["metadata.example", "169.254.169.254"], "metadata.example", "169.254.169.254"],
    [["mine.example", "127.0.0.0/8"], "mine.example", "127.0.0.1"],
    [["localhost"], "localhost", "127.0.0.1"],
    [["127.0.0.1"], "::ffff:127.0.0.1", "::ffff:127.0.0.1"],
    [["192.0.2.0/24"], "::ffff:169.254.169.254", "INVALID_OPTION"],
  ])("%j, a name that leads elsewhere, %s: %s", async (list, host, outcome) => {
    expect(await resolve(list, host)).toBe(outcome);
  });

  it.each([
    "rtsp://camera.example",
    "camera.example:0",
    "camera.example:70000",
    "192.168.1.0/33",
    "256.1.1.1",
    "a b",
    "*",
    "",
    "/24",
    "me:secret@camera.example",
  ])("no host is %j", (entry) => {
    expect(() => cameraHosts([entry])).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringMatching(/^cameraHosts holds/),
      }),
    );
  });

  it("nobody in the list is nobody at all", async () => {
    expect(cameraHosts([]).isOff).toBe(true);
    expect(await resolve([], "camera.example")).toBe("INVALID_OPTION");
  });
});
