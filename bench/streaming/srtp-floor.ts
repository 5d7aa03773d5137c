// The floor of many viewers over WebRTC by werift: its own encryption and a send over UDP for each packet, the packets
// as large and as many as a crowd was sent, and nothing else.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { RtpHeader, SrtpSession } from "werift";

/** What it has sent and used since it began; the answer to any message. */
export interface FloorUse {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  readonly packets: number;
}

/** What it is told: a port for each viewer, and bytes of the packets of each frame, headers of 12 bytes included. */
export interface FloorOptions {
  readonly ports: readonly number[];
  readonly frames: readonly (readonly number[])[];
}

const HEADER_BYTES = 12;
const FRAME_MS = 1_000 / 30;
const AES_128_CM_HMAC_SHA1_80 = 1;

let packets = 0;
const begin = ({ ports, frames }: FloorOptions): void => {
  const noise = randomBytes(2_000);
  const viewers = ports.map((port) => ({
    port,
    socket: createSocket("udp4"),
    sequenceNumber: 0,
    session: new SrtpSession({
      profile: AES_128_CM_HMAC_SHA1_80,
      keys: {
        localMasterKey: randomBytes(16),
        localMasterSalt: randomBytes(14),
        remoteMasterKey: randomBytes(16),
        remoteMasterSalt: randomBytes(14),
      },
    }),
  }));
  let frame = 0;
  const startedMs = performance.now();
  const send = (): void => {
    const sizes = frames[frame % frames.length] ?? [];
    for (const viewer of viewers) {
      for (const [at, size] of sizes.entries()) {
        viewer.sequenceNumber = (viewer.sequenceNumber + 1) & 0xffff;
        const header = new RtpHeader({
          sequenceNumber: viewer.sequenceNumber,
          timestamp: (frame * 3_000) % 2 ** 32,
          payloadType: 102,
          ssrc: 1,
          marker: at === sizes.length - 1,
        });
        const packet = viewer.session.encrypt(noise.subarray(0, size - HEADER_BYTES), header);
        viewer.socket.send(packet, viewer.port, "127.0.0.1");
        packets++;
      }
    }
    frame++;
    setTimeout(send, Math.max(0, startedMs + frame * FRAME_MS - performance.now()));
  };
  send();
};

process.once("message", (options: FloorOptions) => {
  begin(options);
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const atSeconds = performance.now() / 1_000;
    const use: FloorUse = { atSeconds, cpuSeconds: (user + system) / 1e6, packets };
    process.send?.(use);
  });
});
process.on("disconnect", () => process.exit());
