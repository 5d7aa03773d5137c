import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readPictures } from "./stream-reader.ts";
import { ask } from "./test-server.ts";
import { type VideoBench, videoBench } from "./video-server.ts";

/** What is looked for and not found. */
const withheld = vi.hoisted(() => new Set<string>());
vi.mock("../src/streaming/encoders.ts", async (original) => {
  const real = await original<typeof import("../src/streaming/encoders.ts")>();
  return {
    ...real,
    isInstalled: (name: string): boolean => !withheld.has(name) && real.isInstalled(name),
  };
});

interface State {
  readonly available: boolean;
  readonly install?: string;
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

describe("a server on which something is not installed", () => {
  let bench: VideoBench;
  beforeAll(async () => {
    bench = await videoBench();
  });
  afterEach(() => withheld.clear());
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it.each([
    ["werift", "webrtc", ["mjpeg", "websocket"], "npm install werift@0.25.2"],
    ["ws", "websocket", ["mjpeg", "webrtc"], "npm install ws@^8.23.0"],
  ] as const)(
    "%s: %s says what installs it, and %j go on",
    async (name, missing, others, install) => {
      withheld.add(name);
      await using server = await bench.start();
      const { body: list } = await ask<{ transports: Readonly<Record<string, State>> }>(
        `${server.url}/v1/streams`,
      );
      expect(list.transports[missing]).toEqual({ available: false, install });
      for (const other of others) expect(list.transports[other]).toEqual({ available: true });

      const { status, body } = await ask<{ id: string; urls: Readonly<Record<string, string>> }>(
        `${server.url}/v1/streams`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ source: "pattern", height: 180 }),
        },
      );
      expect(status).toBe(201);
      const names = Object.keys(body.urls);
      expect(names).toContain("mjpeg");
      expect(names.includes("websocket")).toBe(missing !== "websocket");
      expect(names.includes("whep")).toBe(missing !== "webrtc");
      const pictures = await readPictures(`${server.url}${body.urls["mjpeg"]}`, 3);
      expect(pictures.pictures).toHaveLength(3);

      const at = `${server.url}/v1/streams/${body.id}`;
      const refused =
        missing === "webrtc"
          ? await ask<Failure>(`${at}/whep`, {
              method: "POST",
              headers: { "content-type": "application/sdp" },
              body: "v=0",
            })
          : await ask<Failure>(`${at}/ws`);
      expect(refused.status).toBe(503);
      expect(refused.body.error.code).toBe("MISSING_DEPENDENCY");
      expect(refused.body.error.message).toContain(`${missing}: ${install}`);
      expect(refused.body.error.message).toContain("/mjpeg");
    },
  );
});
