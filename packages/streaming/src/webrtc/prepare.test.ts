// A library is loaded when something is published.
import { expect, it, vi } from "vitest";
import { createFrameHub } from "../hub/frame-hub.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import type { PeerTransport } from "./peer-transport.ts";
import { webrtc } from "./webrtc.ts";

it.each([
  ["is loaded", async () => {}],
  ["cannot be loaded", async () => await Promise.reject(new Error("it is not there"))],
  [
    "throws at once",
    () => {
      throw new Error("it is not there");
    },
  ],
])("publishes with a library that %s, and asks it once", async (_, load) => {
  const prepare = vi.fn<() => Promise<void>>(load);
  const never = async (): Promise<never> => await Promise.reject(new Error("nobody came"));
  const peers: PeerTransport = {
    apiVersion: 1,
    name: "none",
    capabilities: {
      feedback: false,
      receive: false,
      channels: false,
      iceRestart: false,
      relayOnly: false,
      turn: [],
    },
    prepare,
    answer: never,
    offer: never,
  };
  const hub = createFrameHub(testPattern({ width: 128, height: 72 }));
  const publication = webrtc({ peers }).publish(hub);
  expect(prepare).toHaveBeenCalledTimes(1);
  await publication.close();
  await hub.close();
});
