import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, it, vi } from "vitest";
import { openRtspRelay } from "./rtsp-relay.ts";

it("connects to no camera for a reader that has left", async () => {
  const came = vi.fn();
  const camera = createServer(came).listen(0, "127.0.0.1");
  await once(camera, "listening");
  const { port } = camera.address() as AddressInfo;
  const asked = Promise.withResolvers<void>();
  const found = Promise.withResolvers<void>();
  const relay = await openRtspRelay({
    ...{ host: "camera.example", port, isEncrypted: false, refuse: () => {} },
    hosts: {
      isOff: false,
      async resolve() {
        asked.resolve();
        await found.promise;
        return { address: "127.0.0.1", family: 4 };
      },
    },
  });
  const reader = connect(relay.port, "127.0.0.1");
  reader.on("error", () => {});
  await asked.promise;
  await relay[Symbol.asyncDispose]();
  found.resolve();
  // One that is connected to later than this one would be counted after it.
  await Promise.resolve();
  const last = connect(port, "127.0.0.1");
  await vi.waitFor(() => expect(came).toHaveBeenCalled());
  expect(came).toHaveBeenCalledTimes(1);
  last.destroy();
  camera.close();
});
