import type { VideoFrame } from "@millrace/media";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { NEVER, Observable } from "rxjs";
import { afterEach, describe, expect, it } from "vitest";
import { jpegMarks } from "../../test/jpeg-marks.ts";
import { mjpegClient } from "../../test/mjpeg-client.ts";
import { serveMjpeg } from "../../test/serve-mjpeg.ts";
import { patternBox } from "../pattern/pattern-box.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { readFrameComment } from "./frame-comment.ts";
import { mjpeg } from "./mjpeg.ts";

const SIZE = { width: 320, height: 180, framerate: 30 };

afterEach(() => expect.poll(() => expectNoOpenFrames()).toBeUndefined());

describe("a part of the stream", () => {
  it("carries number and time, and the data of the frame that it shows", async () => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const client = await mjpegClient(served.url, { keepParts: true });
    await expect.poll(() => client.numbers.length).toBeGreaterThan(20);
    await client.leave();
    const shown = client.parts.map(({ body }) => ({
      marks: jpegMarks(body),
      comment: readFrameComment(body),
    }));
    for (const { marks, comment } of shown) {
      const number = marks?.number ?? -1;
      expect(comment?.timestamp).toBe(Math.round((number * 1_000_000) / SIZE.framerate));
      expect(comment?.data.at(-1)).toMatchObject({
        kind: "detections",
        timestamp: comment?.timestamp,
        value: [{ number, box: patternBox(number, SIZE.width, SIZE.height) }],
      });
    }
    const sequences = shown.map(({ comment }) => comment?.sequence ?? -1);
    expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other));
  });

  it("has the head of the next one right behind it, and no length, in the framing of browsers", async () => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const response = await fetch(served.url);
    const boundary = /boundary=([0-9a-f]{30})$/.exec(
      response.headers.get("content-type") ?? "",
    )?.[1];
    const pieces: Buffer[] = [];
    for await (const piece of response.body ?? []) {
      pieces.push(Buffer.from(piece));
      if (pieces.length > 20) break;
    }
    const head = `--${boundary}\r\nContent-Type: image/jpeg\r\n\r\n`;
    const text = Buffer.concat(pieces).toString("latin1");
    expect(text.startsWith(`${head}\xff\xd8\xff\xfe`)).toBe(true);
    expect(text.split(`\xff\xd9\r\n${head}`).length).toBeGreaterThan(2);
    expect(text).not.toMatch(/content-length/i);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
  });

  it("says its length, time and number with framing=length", async () => {
    await using served = await serveMjpeg(testPattern(SIZE), { boundary: "frame" });
    const client = await mjpegClient(`${served.url}?framing=length`, { keepParts: true });
    await expect.poll(() => client.numbers.length).toBeGreaterThan(5);
    await client.leave();
    expect(client.response.headers["content-type"]).toBe(
      "multipart/x-mixed-replace; boundary=frame",
    );
    for (const { headers, body } of client.parts) {
      expect(Number(headers.get("content-length"))).toBe(body.length);
      expect(Number(headers.get("x-frame-sequence"))).toBe(readFrameComment(body)?.sequence);
      expect(Number(headers.get("x-timestamp"))).toBeCloseTo(
        (readFrameComment(body)?.capturedAtMs ?? 0) / 1_000,
        5,
      );
    }
  });

  it("comes again while nothing changes, without its data, and twice before the end", async () => {
    const still = oneFrame();
    const served = await serveMjpeg(still, { keepAliveMs: 60 });
    const client = await mjpegClient(served.url, { keepParts: true });
    await expect.poll(() => client.parts.length).toBeGreaterThan(3);
    const before = client.parts.length;
    await served[Symbol.asyncDispose]();
    await client.ended;
    expect(client.numbers).toHaveLength(1);
    expect(client.parts.length).toBeGreaterThan(before);
    expect(client.parts.map(({ body }) => readFrameComment(body)?.data.length)).toEqual(
      client.parts.map((_, at) => (at === 0 ? 1 : 0)),
    );
    expect(client.isTerminated).toBe(true);
    expect(client.response.trailers["x-stream-end"]).toBe("ended");
  });
});

describe("wishes", () => {
  it("are heard: size, quality, frames a second", async () => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const [big, small] = await Promise.all([
      mjpegClient(served.url, { keepParts: true }),
      mjpegClient(`${served.url}?width=160&quality=30&fps=5`, { keepParts: true }),
    ]);
    await expect.poll(() => small.numbers.length).toBeGreaterThan(4);
    await Promise.all([big.leave(), small.leave()]);
    expect(served.hub.stats().renditions).toEqual([]);
    expect(small.parts[0]?.body.length).toBeLessThan((big.parts[0]?.body.length ?? 0) / 2);
    // Every sixth one; the pattern leaves some out on a busy machine, and the next ones make up for it.
    const { length } = small.numbers;
    const span = (small.numbers.at(-1) ?? 0) - (small.numbers[0] ?? 0);
    expect(span).toBeGreaterThanOrEqual(6 * (length - 1) - 3);
  });

  it.each([
    ["quality=0", "quality"],
    ["quality=x", "quality"],
    ["width=15", "width"],
    ["width=100000", "width"],
    ["height=20.5", "height"],
    ["fps=0", "fps"],
    ["fps=1e3", "fps"],
    ["framing=other", "framing"],
  ])("that cannot be are refused by name: %s", async (query, field) => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const response = await fetch(`${served.url}?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(field),
    });
  });

  it("for one more rendition than may be are refused, and equal ones are not", async () => {
    await using served = await serveMjpeg(testPattern(SIZE), { maxRenditions: 1 });
    const clients = [await mjpegClient(served.url), await mjpegClient(`${served.url}?fps=3`)];
    await expect(mjpegClient(`${served.url}?quality=20`)).rejects.toThrow(/503.*jpeg q80/);
    await Promise.all(clients.map((client) => client.leave()));
    await expect.poll(() => served.hub.stats().renditions).toEqual([]);
    await (await mjpegClient(`${served.url}?quality=20`)).leave();
  });
});

describe("besides the stream", () => {
  it("a snapshot is the newest picture, whether or not anybody watches", async () => {
    await using served = await serveMjpeg(testPattern(SIZE), { allowedOrigins: "*" });
    const alone = await fetch(`${served.url}/snapshot.jpg?width=160`);
    expect(Object.fromEntries(alone.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "access-control-allow-origin": "*",
    });
    const first = Buffer.from(await alone.arrayBuffer());
    expect(alone.headers.get("content-length")).toBe(String(first.length));
    expect(readFrameComment(first)?.sequence).toBe(Number(alone.headers.get("x-frame-sequence")));
    await expect.poll(() => served.hub.stats().renditions).toEqual([]);
    const client = await mjpegClient(served.url);
    await expect.poll(() => client.numbers.length).toBeGreaterThan(3);
    const shown = client.numbers.at(-1) ?? 0;
    const second = Buffer.from(await (await fetch(`${served.url}/snapshot.jpg`)).arrayBuffer());
    expect(jpegMarks(second)?.number).toBeGreaterThanOrEqual(shown);
    await client.leave();
  });

  it("a snapshot of a source that gives nothing is given up", async () => {
    const silent = { ...testPattern(SIZE), video$: NEVER };
    await using served = await serveMjpeg(silent, { snapshotMs: 50 });
    const response = await fetch(`${served.url}/snapshot.jpg`);
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "TIMEOUT" });
    await expect.poll(() => served.hub.stats().renditions).toEqual([]);
  });

  it("the state tells of the viewers", async () => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const client = await mjpegClient(served.url);
    await expect.poll(() => client.numbers.length).toBeGreaterThan(1);
    const state = await (await fetch(`${served.url}/state`)).json();
    expect(state).toMatchObject({
      transport: "mjpeg",
      viewersTotal: 1,
      viewers: [{ state: "live", rendition: "jpeg q80", isAgeAcknowledged: false }],
    });
    await client.leave();
  });

  it("sound is there as WAV and as WebM, and says where it begins", async () => {
    const { audioEncoder, close } = nodeAv();
    {
      const images = jpegTurbo();
      const stream = testPattern({ ...SIZE, sound: true });
      await using served = await serveMjpeg(stream, {}, { images, audio: audioEncoder });
      for (const [name, magic] of [
        ["audio.wav", Buffer.from("RIFF")],
        ["audio.webm", Buffer.of(0x1a, 0x45, 0xdf, 0xa3)],
      ] as const) {
        const response = await fetch(`${served.url}/${name}`);
        expect(response.headers.get("content-type")).toBe(`audio/${name.slice(6)}`);
        expect(response.headers.get("x-start-timestamp")).toMatch(/^-?\d+$/);
        let size = 0;
        let head: Buffer | undefined;
        for await (const piece of response.body ?? []) {
          head ??= Buffer.from(piece);
          size += piece.length;
          if (size > 2_000) break;
        }
        expect(head?.subarray(0, 4)).toEqual(magic);
      }
      await expect.poll(() => served.hub.stats().renditions).toEqual([]);
    }
    await close();
  });

  it("what is not there is refused in words", async () => {
    const { video$, clock } = testPattern(SIZE);
    await using served = await serveMjpeg({ video$, clock }, {}, {});
    for (const [path, status, code] of [
      ["", 501, "MISSING_DEPENDENCY"],
      ["/snapshot.jpg", 501, "MISSING_DEPENDENCY"],
      ["/audio.wav", 501, "UNSUPPORTED"],
      ["/audio.webm", 501, "UNSUPPORTED"],
      ["/other", 404, "NOT_FOUND"],
    ] as const) {
      const response = await fetch(served.url + path);
      expect(response.status, path).toBe(status);
      expect(await response.json(), path).toMatchObject({ code });
    }
  });

  it("methods: POST is as GET, HEAD takes no seat, OPTIONS tells, others are told what is allowed", async () => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const posted = await fetch(served.url, { method: "POST", body: "x" });
    expect(posted.headers.get("content-type")).toMatch(/^multipart/);
    await posted.body?.cancel();
    const head = await fetch(served.url, { method: "HEAD" });
    expect(head.headers.get("content-type")).toMatch(/^multipart/);
    expect((await fetch(served.url, { method: "OPTIONS" })).status).toBe(204);
    const deleted = await fetch(served.url, { method: "DELETE" });
    expect([deleted.status, deleted.headers.get("allow")]).toEqual([
      405,
      "GET, HEAD, POST, OPTIONS",
    ]);
    const state = await (await fetch(`${served.url}/state`)).json();
    expect(state).toMatchObject({ viewersTotal: 1 });
  });
});

it("an encoder that fails before the first picture is a refusal, and one behind it an unfinished end", async () => {
  for (const failsAt of [0, 3]) {
    let made = 0;
    const { encode, ...rest } = jpegTurbo();
    const images = {
      ...rest,
      async encode(...args: Parameters<typeof encode>) {
        if (made++ >= failsAt) throw new Error("ink is out");
        return encode(...args);
      },
    };
    await using served = await serveMjpeg(testPattern(SIZE), {}, { images });
    if (failsAt === 0) {
      await expect(mjpegClient(served.url)).rejects.toThrow(/500.*INTERNAL(?!.*ink)/);
    } else {
      const client = await mjpegClient(served.url);
      await client.ended;
      expect(client.numbers).toHaveLength(failsAt);
      expect(client.isTerminated).toBe(false);
      expect(client.response.trailers["x-stream-end"]).toBe("failed");
    }
  }
});

it("options that cannot be are refused by name", async () => {
  await using served = await serveMjpeg(testPattern(SIZE));
  for (const options of [
    { keepAliveMs: 0 },
    { stallMs: Number.NaN },
    { maxRenditions: 1.5 },
    { boundary: "x" as never },
    { allowedOrigins: ["a\r\nb"] },
    { pictures: { quality: 101 } },
  ]) {
    const [name = ""] = Object.keys(options);
    expect(() => mjpeg().publish(served.hub, options)).toThrow(name);
  }
});

/** A source that gives one frame, with its data, and then nothing. */
function oneFrame() {
  const pattern = testPattern(SIZE);
  const video$ = new Observable<VideoFrame>((subscriber) => {
    const frames = pattern.video$.subscribe((frame) => {
      subscriber.next(frame);
      queueMicrotask(() => frames.unsubscribe());
    });
    return () => frames.unsubscribe();
  });
  return { ...pattern, video$ };
}
