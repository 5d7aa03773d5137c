import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, vi } from "vitest";
import type { CameraHosts } from "./camera-hosts.ts";
import { openCameraProxy } from "./camera-proxy.ts";

const hosts: CameraHosts = {
  isOff: false,
  resolve: async () => ({ address: "127.0.0.1", family: 4 }),
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(take: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(take).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

it.each([
  "HTTP/1.1 000 Nothing\r\nContent-Length: 2\r\n\r\nhi",
  "HTTP/1.1 099 Less\r\nContent-Length: 2\r\n\r\nhi",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTrailer: x\r\n\r\nhi",
  "HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhi",
  "nothing of HTTP",
])("is told that the camera failed, and stays: %j", async (said) => {
  const camera = await listening((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(said));
  });
  await using proxy = await openCameraProxy(hosts, () => {});
  const reader = connect(Number(new URL(proxy.url).port), "127.0.0.1");
  reader.write(
    `GET http://camera.example:${portOf(camera)}/ HTTP/1.1\r\nHost: camera.example\r\nConnection: close\r\n\r\n`,
  );
  expect(await text(reader)).toMatch(/^HTTP\/1\.1 502 /);
  camera.close();
});

it("connects to no camera for one who has left", async () => {
  const came = vi.fn();
  const camera = await listening(came);
  const found = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const slow: CameraHosts = {
    isOff: false,
    async resolve() {
      asked.resolve();
      await found.promise;
      return { address: "127.0.0.1", family: 4 };
    },
  };
  const proxy = await openCameraProxy(slow, () => {});
  const reader = connect(Number(new URL(proxy.url).port), "127.0.0.1");
  reader.on("error", () => {});
  reader.write(`CONNECT camera.example:${portOf(camera)} HTTP/1.1\r\n\r\n`);
  await asked.promise;
  await proxy[Symbol.asyncDispose]();
  found.resolve();
  // One that is connected to later than this one would be counted after it.
  await Promise.resolve();
  const last = connect(portOf(camera), "127.0.0.1");
  await vi.waitFor(() => expect(came).toHaveBeenCalled());
  expect(came).toHaveBeenCalledTimes(1);
  last.destroy();
  camera.close();
});
