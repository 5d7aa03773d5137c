import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClips } from "@millrace/video-index/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barcodeOf, markedClip, missingForClips } from "./marked-clip.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask } from "./test-server.ts";
import { type MarkedServer, type Problem, startMarkedServer } from "./video-answers.ts";
import { upload, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined) process.stdout.write(`skipped video-uploads.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("videos over HTTP: uploads", () => {
  let marked: MarkedServer;
  let bench: MarkedServer["bench"];
  let clip: string;
  let picture: MarkedServer["picture"];
  let server: MarkedServer["server"];

  beforeAll(async () => {
    marked = await startMarkedServer();
    ({ bench, clip, picture, server } = marked);
  }, 120_000);

  afterAll(async () => {
    await marked?.[Symbol.asyncDispose]();
  });

  it("tell what the video is", async () => {
    const { body } = await upload(server, clip, "../told me");
    expect(body).toMatchObject({
      outcome: "new",
      video: {
        ...{ id: "toldme", frameCount: 60, fps: 30, displayWidth: 192, displayHeight: 128 },
        ...{ codec: "h264", container: "mp4", keyFrameCount: 4 },
      },
    });
    expect(JSON.stringify(body)).not.toContain(bench.folder);
    const { body: one } = await ask(`${server.url}/v1/videos/toldme`);
    expect(one).toEqual(body.video);
    const deleted = await fetch(`${server.url}/v1/videos/toldme`, { method: "DELETE" });
    expect(deleted.status).toBe(204);
    for (const method of ["GET", "DELETE"]) {
      expect((await fetch(`${server.url}/v1/videos/toldme`, { method })).status).toBe(404);
    }
  });

  it("of the same bytes are kept once, others take the place of the ones before", async () => {
    const other = await markedClip({ seconds: 1 });
    expect((await upload(server, clip, "changing")).status).toBe(201);
    expect(await upload(server, clip, "changing")).toMatchObject({
      status: 200,
      body: { outcome: "same" },
    });
    // Frames that are asked for while it is replaced are of one of both.
    const asked = Array.from({ length: 20 }, (_, frame) =>
      picture(`/v1/videos/changing/frames/${frame}.jpg`),
    );
    const replaced = upload(server, other, "changing");
    for (const [frame, { number, response }] of (await Promise.all(asked)).entries()) {
      expect([response.status, number]).toEqual([200, frame]);
    }
    expect(await replaced).toMatchObject({
      body: { outcome: "replaced", video: { frameCount: 30 } },
    });
    expect((await picture("/v1/videos/changing/frames/29.jpg")).number).toBe(29);
    expect((await picture("/v1/videos/changing/frames/30.jpg")).response.status).toBe(404);
  });

  it("without an id go by their file's name", async () => {
    const { body } = await upload(server, clip);
    expect(body.video["id"]).toBe("2-15");
  });

  it("that are no video are refused, and nothing stays of them", async () => {
    const clips = await makeClips(join(tmpdir(), "millrace-clips"));
    const expected = { CORRUPT_INPUT: 422, UNSUPPORTED: 415, NOT_FOUND: 415 };
    for (const { name, code } of clips.unreadable) {
      const { status, body } = await upload<Problem>(server, clips.pathOf(name), "bad");
      expect([name, status]).toEqual([name, expected[code]]);
      expect(body.error.message).toContain(name);
      expect(body.error.message).not.toMatch(/data folder|incoming|\//);
    }
    expect((await fetch(`${server.url}/v1/videos/bad`)).status).toBe(404);
    // One that is there stays, whatever comes under its id.
    await upload(server, clips.pathOf("garbage.mp4"), "marked");
    expect((await picture("/v1/videos/marked/frames/3.jpg")).number).toBe(3);
  }, 120_000);

  it("that are forms of another kind are refused", async () => {
    const send = async (body: FormData | string): Promise<number> =>
      (await fetch(`${server.url}/v1/videos`, { method: "POST", body })).status;
    const empty = new FormData();
    empty.set("id", "x");
    expect(await send(empty)).toBe(400);
    expect([400, 415]).toContain(await send("text"));
  });

  it("beyond the limits are refused", async () => {
    await using small = await videoBench();
    const tight = await small.start({ maxVideoBytes: 1_000, maxVideos: 1 });
    expect((await upload(tight, clip, "large")).status).toBe(413);
    await tight.close();
    const few = await small.start({ maxVideos: 1 });
    expect((await upload(few, clip, "first")).status).toBe(201);
    expect((await upload(few, clip, "second")).status).toBe(413);
    expect((await upload(few, await markedClip({ seconds: 1 }), "first")).status).toBe(200);
    await fetch(`${few.url}/v1/videos/first`, { method: "DELETE" });
    // At once, too.
    const both = await Promise.all([upload(few, clip, "third"), upload(few, clip, "fourth")]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 413]);
  });

  it("under one id at once leave one video, whole", async () => {
    await using own = await videoBench();
    const alone = await own.start();
    const clips = [clip, await markedClip({ seconds: 1 }), await markedClip({ comment: "c" })];
    const answers = await Promise.all(
      [...clips, ...clips].map((path) => upload(alone, path, "one")),
    );
    for (const { status } of answers) expect([200, 201]).toContain(status);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const { body } = await ask<Record<string, string>>(`${alone.url}/v1/videos/one`);
    await expect
      .poll(() => readdir(join(own.folder, "data/videos/one")))
      .toEqual([`${body["sha256"]?.slice(0, 16)}.mp4`, "video.json"]);
    const bytes = await (await fetch(`${alone.url}/v1/videos/one/frames/29.jpg`)).bytes();
    expect(await barcodeOf(bytes)).toBe(29);
  });

  it("survive a crash, and one that was on its way leaves the one before", async () => {
    await using own = await videoBench();
    const port = await freePort();
    const settings = { port, dataFolder: join(own.folder, "data") };
    const url = `http://127.0.0.1:${port}`;
    const before = await startServerProcess(settings);
    expect((await upload({ url }, clip, "kept")).status).toBe(201);
    const sending = fetch(`${url}/v1/videos`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=x" },
      body: endlessForm("kept"),
      duplex: "half",
    } as RequestInit).catch(() => {});
    const incoming = join(own.folder, "data/videos/.incoming");
    await expect.poll(() => readdir(incoming)).toHaveLength(1);
    await before.kill();
    await sending;
    const after = await startServerProcess(settings);
    try {
      const bytes = await (await fetch(`${url}/v1/videos/kept/frames/42.png`)).bytes();
      expect(await barcodeOf(bytes)).toBe(42);
    } finally {
      expect(await after.stop()).toBe(0);
    }
  }, 60_000);

  it("that are broken off leave nothing", async () => {
    await using own = await videoBench();
    const alone = await own.start();
    const controller = new AbortController();
    const sending = fetch(`${alone.url}/v1/videos`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=x" },
      body: endlessForm("x"),
      signal: controller.signal,
      duplex: "half",
    } as RequestInit);
    const incoming = join(own.folder, "data/videos/.incoming");
    await expect.poll(() => readdir(incoming)).toHaveLength(1);
    controller.abort();
    await expect(sending).rejects.toThrow();
    await expect.poll(() => readdir(incoming)).toHaveLength(0);
  });

  it("survive a restart", async () => {
    await using own = await videoBench();
    const before = await own.start();
    const { body } = await upload(before, clip, "kept");
    await upload(before, await markedClip({ seconds: 1 }), "gone");
    const indexes = join(own.folder, "data/videos/.indexes");
    await expect.poll(() => readdir(indexes)).toHaveLength(2);
    await fetch(`${before.url}/v1/videos/gone`, { method: "DELETE" });
    await before.close();
    const after = await own.start();
    expect((await readdir(indexes)).length).toBe(1);
    expect((await ask(`${after.url}/v1/videos/kept`)).body).toEqual(body.video);
    const bytes = await (await fetch(`${after.url}/v1/videos/kept/frames/42.png`)).bytes();
    expect(await barcodeOf(bytes)).toBe(42);
  });
});

/** A form whose file does not end. */
function endlessForm(id: string): ReadableStream<Uint8Array> {
  const field = (name: string): string => `--x\r\ncontent-disposition: form-data; name="${name}"`;
  const head = `${field("id")}\r\n\r\n${id}\r\n${field("file")}; filename="a.mp4"\r\n\r\n`;
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode(head));
      for (let piece = 0; piece < 20; piece++) stream.enqueue(new Uint8Array(65_536));
    },
  });
}
