import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { createKernelQueues, kernelQueues } from "./kernel-queues.ts";
import { createRoadMeter, type RoadMeter } from "./road-meter.ts";

const isLinux = process.platform === "linux";
if (!isLinux) console.warn("skipped: only Linux says what it holds");

function listener(): { readonly road: RoadMeter; readonly told: number[] } {
  const told: number[] = [];
  const road = { ...createRoadMeter(), holds: (sizeBytes: number) => void told.push(sizeBytes) };
  return { road, told };
}

describe.skipIf(!isLinux)("what the system holds", () => {
  test.each(["127.0.0.1", "::1", "::"])(
    "is told of a connection at %s that is not read",
    async (host) => {
      const server = createServer();
      server.listen(0, host);
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const client = connect(port, host === "::" ? "127.0.0.1" : host).pause();
      const [socket] = (await once(server, "connection")) as [Socket];
      const { road, told } = listener();
      const stop = kernelQueues.watch(socket, road);
      socket.write(Buffer.alloc(1 << 24));
      await expect.poll(() => told.at(-1) ?? 0).toBeGreaterThan(100_000);
      client.resume();
      await expect.poll(() => told.at(-1)).toBe(0);
      stop();
      client.destroy();
      socket.destroy();
      server.close();
    },
  );

  test("is not asked for again when it cannot be had, or costs too much", async () => {
    for (const read of [
      () => Promise.reject(new Error("no such file")),
      () => Promise.resolve(" ".repeat(2 << 20)),
    ]) {
      let asked = 0;
      const queues = createKernelQueues((path) => {
        expect(path).toBe("/proc/net/tcp");
        asked++;
        return read();
      });
      const address = { localAddress: "127.0.0.1", remoteAddress: "127.0.0.1" };
      const ports = { localPort: 1, remotePort: 2, remoteFamily: "IPv4" };
      const { road, told } = listener();
      queues.watch({ ...address, ...ports } as Socket, road);
      await expect.poll(() => asked).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect([asked, told.length]).toEqual([1, 0]);
    }
  });
});
