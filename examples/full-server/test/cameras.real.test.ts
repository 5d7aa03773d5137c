import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningServer, serverSettings, startServer } from "../src/index.ts";
import { readPictures } from "./stream-reader.ts";
import { ask } from "./test-server.ts";

const has = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;
const PYTHON = "/usr/bin/python3";
const hasFfmpeg = has("ffmpeg", "-version");
const hasRtsp = has(
  PYTHON,
  "-c",
  'import gi\ngi.require_version("GstRtspServer","1.0")\nfrom gi.repository import Gst, GstRtspServer\nGst.init(None)\nassert all(Gst.ElementFactory.find(e) for e in ("matroskademux","h264parse","rtph264pay"))',
);
if (!hasFfmpeg) process.stdout.write("skipped cameras.real.test.ts: apt-get install ffmpeg\n");
if (!hasRtsp) {
  process.stdout.write(
    "skipped, RTSP of cameras.real.test.ts: no GStreamer server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad\n",
  );
}

const SECRET = "s3cr3t-word";
/** Asks for a user and a password, and gives a clip. */
const RTSP_SERVER = `
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer(); server.set_address("127.0.0.1"); server.set_service("0")
auth = GstRtspServer.RTSPAuth(); token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "operator")
auth.add_basic(GstRtspServer.RTSPAuth.make_basic("operator", "${SECRET}"), token); server.set_auth(auth)
factory = GstRtspServer.RTSPMediaFactory(); factory.set_shared(True)
role = Gst.Structure.new_empty("operator")
role.set_value("media.factory.access", True); role.set_value("media.factory.construct", True)
factory.add_role_from_structure(role)
factory.set_launch("( filesrc location=%s ! matroskademux ! h264parse ! rtph264pay name=pay0 )" % sys.argv[1])
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;

interface CameraStream {
  readonly id: string;
  readonly title: string;
  readonly url: string;
  readonly picture: { readonly width: number; readonly height: number };
  readonly urls: Readonly<Record<string, string>>;
  readonly camera: { readonly kind: string };
  readonly error?: { readonly code: string; readonly message: string };
}

describe.skipIf(!hasFfmpeg)("cameras", { timeout: 60_000 }, () => {
  const children: ChildProcess[] = [];
  const logged: string[] = [];
  let servers = 0;
  let folder: string;
  /** What may be opened, and what may not. */
  let camera: string;
  let other: string;
  let server: RunningServer;

  const started = async (program: string, args: readonly string[]): Promise<number> => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    return Number(String(said).trim());
  };
  const start = async (cameraHosts: string): Promise<RunningServer> =>
    await startServer(
      serverSettings.parse({
        ...{
          port: 0,
          dataFolder: join(folder, `data${servers++}`),
          rateLimit: 100_000,
          cameraHosts,
        },
      }),
      {
        logger: pino(
          { level: "debug" },
          { write: (text: string): void => void logged.push(text) },
        ) as never,
      },
    );
  const open = async (url: string, more: object = {}, at = server) =>
    await ask<CameraStream>(`${at.url}/v1/streams`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ source: "camera", url, ...more }),
    });
  const end = async (id: string): Promise<unknown> =>
    await fetch(`${server.url}/v1/streams/${id}`, { method: "DELETE" });
  const hitsOf = async (url: string): Promise<readonly string[]> =>
    (await (await fetch(`${url}/hits`)).json()) as readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-cameras-"));
    const made = spawnSync("ffmpeg", [
      ...["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=15"],
      ...["-t", "6", "-c:v", "libx264", "-preset", "ultrafast", "-g", "15"],
      ...["-pix_fmt", "yuv420p", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0"],
      ...["-hls_segment_filename", join(folder, "piece%d.ts"), join(folder, "clip.m3u8")],
    ]);
    const copied = ["-i", join(folder, "clip.m3u8"), "-c", "copy", join(folder, "clip.mkv")];
    const copy = spawnSync("ffmpeg", ["-v", "error", "-nostdin", ...copied]);
    expect(`${made.stderr}${copy.stderr}`).toBe("");
    const script = fileURLToPath(new URL("camera-process.ts", import.meta.url));
    const ports = [1, 2].map(async () => await started(process.execPath, [script, folder]));
    [camera = "", other = ""] = (await Promise.all(ports)).map(
      (port) => `http://127.0.0.1:${port}`,
    );
    server = await start(new URL(camera).host);
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    for (const child of children) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    expect(logged.join("")).not.toContain(SECRET);
  });

  it("are shown over each transport; their password is told to nobody", async () => {
    const url = `${camera.replace("//", `//operator:${SECRET}@`)}/private.mjpeg?key=${SECRET}`;
    const { status, body } = await open(url, { fps: 10, height: 100 });
    expect(status, JSON.stringify(body)).toBe(201);
    const shown = `${camera.replace("//", "//***@")}/private.mjpeg?key=***`;
    expect(body).toMatchObject({
      ...{ title: shown, url: shown, picture: { width: 160, height: 120 } },
      camera: { kind: "live" },
    });
    expect(Object.keys(body.urls)).toEqual(["mjpeg", "snapshot", "websocket", "whep", "offer"]);
    const again = await open(url, { fps: 10, height: 100 });
    expect([again.status, again.body.id]).toEqual([200, body.id]);
    expect((await open(url.replace(`key=${SECRET}`, "key=x"), { fps: 10 })).body.id).not.toBe(
      body.id,
    );

    const watching = readPictures(`${server.url}${body.urls["mjpeg"]}`, 15);
    const { pictures } = await watching;
    expect(await sharp(pictures[0]).metadata()).toMatchObject({ height: 100 });
    expect(new Set(pictures.map((picture) => picture.toString("base64"))).size).toBeGreaterThan(5);
    const series = `millrace_stream_frames_in_total{stream="${body.id}"} `;
    await vi.waitFor(
      async () => {
        const figures = await (await fetch(`${server.url}/metrics`)).text();
        expect(Number(figures.split(series)[1]?.split("\n")[0])).toBeGreaterThan(10);
        expect(figures).not.toContain(SECRET);
      },
      { timeout: 5_000, interval: 100 },
    );
    const list = await (await fetch(`${server.url}/v1/streams`)).text();
    expect(list).toContain(body.id);
    expect(list).not.toContain(SECRET);
    await end(body.id);
  });

  it("that send HLS are shown", async () => {
    const { status, body } = await open(`${camera}/clip.m3u8`);
    expect(status, JSON.stringify(body)).toBe(201);
    const { pictures } = await readPictures(`${server.url}${body.urls["mjpeg"]}`, 5);
    expect(pictures).toHaveLength(5);
    await end(body.id);
  });

  it.skipIf(!hasRtsp)("that speak RTSP are shown, with a password", async () => {
    const port = await started(PYTHON, ["-c", RTSP_SERVER, join(folder, "clip.mkv")]);
    await using allowed = await start(`localhost:${port}`);
    const url = `rtsp://operator:${SECRET}@localhost:${port}/live`;
    const { status, body } = await open(url, {}, allowed);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body.url).toBe(`rtsp://***@localhost:${port}/live`);
    expect((await readPictures(`${allowed.url}${body.urls["mjpeg"]}`, 3)).pictures).toHaveLength(3);
    const wrong = await open(url.replace(SECRET, "wr0ng-word"), {}, allowed);
    expect(wrong.status).toBe(502);
    expect(wrong.body.error?.message).toContain(`localhost:${port}`);
    expect(wrong.body.error?.message).toMatch(/401/);
    expect(wrong.body.error?.message).not.toContain("wr0ng-word");
  });

  it("are off unless a setting names their hosts", async () => {
    await using closed = await start("");
    const { status, body } = await open(`${camera}/live.mjpeg`, {}, closed);
    expect(status).toBe(400);
    expect(body.error?.message).toContain("cameraHosts");
  });

  it.each([
    ["file:///etc/passwd", "begins with rtsp"],
    ["/dev/video0", "begins with rtsp"],
    ["rtmp://127.0.0.1/live", "begins with rtsp"],
    ["concat:http://127.0.0.1/a", "begins with rtsp"],
    ["http://169.254.169.254/latest/meta-data/", "169.254.169.254:80 is not among them"],
    ["http://2852039166/latest/", "169.254.169.254:80 is not among them"],
    ["http://[::ffff:169.254.169.254]/", "is not among them"],
    ["rtsp://elsewhere.example/", "elsewhere.example:554 is not among them"],
    ["http://localhost:1/", "localhost:1 is not among them"],
  ])("of other kinds and hosts are refused by name: %s", async (url, why) => {
    const { status, body } = await open(url);
    expect(status).toBe(400);
    expect(body.error?.message).toContain(why);
  });

  it("lead nobody to other hosts or files, by a redirect or a playlist", async () => {
    const before = await hitsOf(other);
    const moved = await open(`${camera}/moved.mjpeg?other=${other}`);
    expect(moved.status).toBe(400);
    expect(moved.body.error?.message).toContain(`${new URL(other).host} is not among them`);
    const list = await open(`${camera}/elsewhere.m3u8?other=${other}`);
    expect(list.status).toBe(400);
    expect(list.body.error?.message).toContain(`${new URL(other).host} is not among them`);
    // A dot at its end makes a name no other one.
    const { port } = new URL(other);
    const dotted = await open(`${camera}/moved.mjpeg?other=http://localhost.:${port}`);
    expect(dotted.body.error?.message).toContain(`localhost.:${port} is not among them`);
    // Nobody has been there but this test.
    expect(await hitsOf(other)).toEqual([...before, "/hits"]);
  });

  it("lead nobody to a proxy of their own", async () => {
    const visited = vi.fn();
    const elsewhere = await listening((socket) => {
      visited();
      socket.destroy();
    });
    const { port } = elsewhere.address() as AddressInfo;
    const { status } = await open(`${camera}/tunnel.m3u8?other=http://127.0.0.1:${port}`);
    expect(status).toBe(502);
    expect(visited).not.toHaveBeenCalled();
    elsewhere.close();
  });

  it("that send readers of RTSP elsewhere are cut off", async () => {
    const visited = vi.fn();
    const elsewhere = await listening((socket) => {
      visited();
      socket.destroy();
    });
    const target = (elsewhere.address() as AddressInfo).port;
    const moving = await listening((socket) => {
      socket.on("data", (bytes: Buffer) => {
        const sequence = /CSeq: *(\d+)/i.exec(String(bytes))?.[1];
        const isFirst = String(bytes).startsWith("OPTIONS");
        const head = isFirst
          ? "RTSP/1.0 200 OK\r\nPublic: DESCRIBE"
          : `RTSP/1.0 302 Found\r\nLocation: rtsp://127.0.0.1:${target}/live`;
        socket.write(`${head}\r\nCSeq: ${sequence}\r\n\r\n`);
      });
    });
    const { port } = moving.address() as AddressInfo;
    await using allowed = await start(`127.0.0.1:${port}`);
    const { status, body } = await open(`rtsp://127.0.0.1:${port}/live`, {}, allowed);
    expect(status).toBe(502);
    expect(body.error?.message).toContain("sends its readers to another address");
    expect(visited).not.toHaveBeenCalled();
    moving.close();
    elsewhere.close();
  });

  it("that cannot be reached are told so, and leave no stream behind", async () => {
    const gone = await listening(() => {});
    const { port } = gone.address() as AddressInfo;
    await new Promise((done) => gone.close(done));
    await using allowed = await start("127.0.0.0/8");
    for (const scheme of ["rtsp", "http"]) {
      const url = `${scheme}://operator:${SECRET}@127.0.0.1:${port}/live`;
      const { status, body } = await open(url, {}, allowed);
      expect(status).toBe(502);
      expect(body.error?.message).toContain(`${scheme}://***@127.0.0.1:${port}/live`);
      expect(JSON.stringify(body)).not.toContain(SECRET);
    }
    const { body } = await ask<{ streams: unknown[] }>(`${allowed.url}/v1/streams`);
    expect(body.streams).toEqual([]);
  });
});

async function listening(take: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(take);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
