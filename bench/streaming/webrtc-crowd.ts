// Many viewers over WebRTC in a process of their own, by libdatachannel: count what comes, tell the sender of each
// packet as a browser does, decode nothing.
import nodeDataChannel from "node-datachannel";
import { createReception, type Reception } from "./rtcp.ts";

/** What the viewers have seen and used since they began; the answer to any message. */
export interface CrowdUse {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  /** Of each viewer. */
  readonly packets: readonly number[];
  /** Of RTP in the clear, headers included. */
  readonly bytes: readonly number[];
  readonly frames: readonly number[];
  /** Packets of all that were sent a second time, or to measure the road. */
  readonly repeated: number;
  readonly lost: number;
  /** Bytes of each packet of the last ten seconds or so of the first viewer, by frame. */
  readonly sizes: readonly (readonly number[])[];
}

const [url = "", count = "1"] = process.argv.slice(2);
const TRANSPORT_SEQUENCE = 2;
const RTX = 103;
const EXTENSIONS = [
  "1 urn:ietf:params:rtp-hdrext:sdes:mid",
  `${TRANSPORT_SEQUENCE} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`,
  "3 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
];
/** Chromium tells of packets 10 to 20 times a second, and reports once. */
const [FEEDBACK_MS, REPORT_MS] = [60, 1_000];
const JOINS_AT_ONCE = 4;
const CONNECT_MS = 8_000;
const ATTEMPTS = 10;
const SIZES_KEPT = 300;

const packets: number[] = [];
const bytes: number[] = [];
const frames: number[] = [];
const receptions: Reception[] = [];
const open: unknown[] = [];
let sizes: number[][] = [[]];
let repeated = 0;

async function join(viewer: number): Promise<void> {
  const connection = new nodeDataChannel.PeerConnection(`viewer ${viewer}`, { iceServers: [] });
  const media = new nodeDataChannel.Video("0", "RecvOnly");
  media.addH264Codec(102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
  media.addRTXCodec(RTX, 102, 90_000);
  for (const one of ["nack", "nack pli", "goog-remb", "transport-cc"]) {
    media.parseSdpLine(`a=rtcp-fb:102 ${one}`);
  }
  for (const one of EXTENSIONS) media.parseSdpLine(`a=extmap:${one}`);
  const track = connection.addTrack(media);
  const reception = createReception(TRANSPORT_SEQUENCE);
  receptions[viewer] = reception;
  [packets[viewer], bytes[viewer], frames[viewer]] = [0, 0, 0];
  track.onMessage((packet) => {
    const atMs = performance.now();
    const type = packet[1] ?? 0;
    if (type >= 192 && type <= 223) {
      reception.takeRtcp(packet, atMs);
      return;
    }
    if ((type & 0x7f) === RTX) repeated++;
    packets[viewer] = (packets[viewer] ?? 0) + 1;
    bytes[viewer] = (bytes[viewer] ?? 0) + packet.length;
    const isLast = (type & 0x80) !== 0;
    if (isLast) frames[viewer] = (frames[viewer] ?? 0) + 1;
    reception.take(packet, atMs);
    if (viewer > 0) return;
    sizes.at(-1)?.push(packet.length);
    if (isLast) sizes = [...sizes.slice(-SIZES_KEPT), []];
  });
  const connected = new Promise<void>((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`${url}: not connected`)), CONNECT_MS);
    connection.onStateChange((state) => {
      if (state === "connected") done();
      if (state === "failed" || state === "closed") failed(new Error(`${url}: ${state}`));
      if (state !== "connecting" && state !== "new") clearTimeout(timer);
    });
  });
  // It may fail before it is waited for.
  connected.catch(() => {});
  const gathered = new Promise<void>((done) =>
    connection.onGatheringStateChange((state) => {
      if (state === "complete") done();
    }),
  );
  connection.setLocalDescription("offer");
  await gathered;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: connection.localDescription()?.sdp ?? "",
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${url}: ${response.status} ${answer}`);
  connection.setRemoteDescription(answer, "answer");
  await connected;
  const say = (message: Buffer | undefined): void => {
    if (message && track.isOpen()) track.sendMessageBinary(message);
  };
  setInterval(() => say(reception.feedback()), FEEDBACK_MS);
  setInterval(() => say(reception.report(performance.now())), REPORT_MS);
  // What nobody holds is collected, and its connection ends.
  open.push(connection, track);
}

/**
 * libdatachannel loses its connection where that stands before its answer has been read to the end, which happens on
 * loopback.
 */
async function joinAtLast(viewer: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await join(viewer);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

for (let from = 0; from < Number(count); from += JOINS_AT_ONCE) {
  const viewers = Array.from({ length: JOINS_AT_ONCE }, (_, at) => from + at);
  await Promise.all(viewers.filter((viewer) => viewer < Number(count)).map(joinAtLast));
}
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const use: CrowdUse = {
    atSeconds: performance.now() / 1_000,
    cpuSeconds: (user + system) / 1e6,
    packets,
    bytes,
    frames,
    repeated,
    lost: receptions.reduce((sum, { lost }) => sum + lost, 0),
    sizes: sizes.slice(1, -1),
  };
  process.send?.(use);
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
