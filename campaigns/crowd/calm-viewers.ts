// Viewers who do nothing but watch, in a process of their own: how evenly frames come to them.
import { get } from "node:http";
import { multipartReader } from "../../packages/streaming/test/multipart-parts.ts";
import { joinWhep } from "../../packages/streaming/test/whep-client.ts";
import { watchSocket } from "./disturbers.ts";

/** How frames came to the viewers of one transport since they were asked before. */
export interface Cadence {
  readonly frames: number;
  /** The 99th percentile of how far the time between two frames is from what it should be, in milliseconds. */
  readonly jitterP99Ms: number;
  readonly longestMs: number;
  readonly largestFrameBytes: number;
}

/** By transport. */
export type CalmReport = Readonly<Record<"mjpeg" | "websocket" | "webrtc", Cadence>>;

const EVERY_MS = 1_000 / 30;

/** Notes when frames come. */
function cadenceMeter() {
  let gaps: number[] = [];
  let frames = 0;
  let largestFrameBytes = 0;
  return {
    /** A viewer's own notes: times of different viewers are not compared. */
    viewer(): (sizeBytes: number) => void {
      let lastMs: number | undefined;
      return (sizeBytes) => {
        const nowMs = performance.now();
        if (lastMs !== undefined) gaps.push(nowMs - lastMs);
        lastMs = nowMs;
        frames++;
        largestFrameBytes = Math.max(largestFrameBytes, sizeBytes);
      };
    },
    take(): Cadence {
      const jitter = gaps.map((gap) => Math.abs(gap - EVERY_MS)).sort((a, b) => a - b);
      const taken: Cadence = {
        frames,
        jitterP99Ms: jitter[Math.floor(jitter.length * 0.99)] ?? Number.POSITIVE_INFINITY,
        longestMs: gaps.reduce((most, gap) => Math.max(most, gap), 0),
        largestFrameBytes,
      };
      gaps = [];
      frames = 0;
      return taken;
    },
  };
}

const [base = "", count = "1"] = process.argv.slice(2);
const meters = { mjpeg: cadenceMeter(), websocket: cadenceMeter(), webrtc: cadenceMeter() };

async function watchMjpeg(): Promise<void> {
  const note = meters.mjpeg.viewer();
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    get(`${base}/mjpeg`, { agent: false }, resolve).on("error", reject);
  });
  const boundary = /boundary=(\S+)/.exec(response.headers["content-type"] ?? "")?.[1];
  if (boundary === undefined) throw new Error(`MJPEG was answered with ${response.statusCode}`);
  const reader = multipartReader(boundary);
  response.on("data", (piece: Buffer) => {
    for (const { body } of reader.push(piece)) if (body.length > 0) note(body.length);
  });
}

async function watchPictures(): Promise<void> {
  const note = meters.websocket.viewer();
  const { socket } = await watchSocket(base);
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) note(data.length);
  });
}

async function watchWebrtc(): Promise<void> {
  const note = meters.webrtc.viewer();
  const client = await joinWhep(`${base}/webrtc`, { codecs: ["H264"] });
  await client.connected();
  let sizeBytes = 0;
  client.connection
    .getTransceivers()[0]
    ?.receiver.track.onReceiveRtp.subscribe(({ header, payload }) => {
      sizeBytes += payload.length;
      if (!header.marker) return;
      note(sizeBytes);
      sizeBytes = 0;
    });
}

process.on("message", () => {
  const { mjpeg, websocket, webrtc } = meters;
  const report: CalmReport = {
    mjpeg: mjpeg.take(),
    websocket: websocket.take(),
    webrtc: webrtc.take(),
  };
  process.send?.(report);
});
process.on("disconnect", () => process.exit());
for (let viewer = 0; viewer < Number(count); viewer++) {
  await Promise.all([watchMjpeg(), watchPictures(), watchWebrtc()]);
}
process.send?.("ready");
