import { execFileSync } from "node:child_process";
import { webmMuxer } from "@millrace/media";
import type { EncodedSound } from "../src/hub/encoded-frame.ts";

const SAMPLE_RATE = 48_000;
const PIECE_SAMPLES = SAMPLE_RATE / 50;

/** Decodes Opus by ffmpeg and gives the loudest sample of each 20 ms, 0 to 1. */
export async function opusLevels(packets: readonly EncodedSound[]): Promise<number[]> {
  const muxer = await webmMuxer().open("webm", {
    audio: {
      ...{ family: "opus", codec: "opus", sampleRate: SAMPLE_RATE, numberOfChannels: 2 },
      description: opusHead(),
    },
  });
  const file = Array.fromAsync(muxer.output);
  const zeroUs = packets[0]?.timestamp ?? 0;
  for (const { timestamp, duration, data } of packets) {
    await muxer.writeAudio({ timestamp: timestamp - zeroUs, duration, data });
  }
  await muxer.end();
  const input = Buffer.concat(await file);
  const args = ["-v", "error", "-i", "pipe:0", "-f", "f32le", "-ac", "1", "pipe:1"];
  const bytes = execFileSync("ffmpeg", args, { input, maxBuffer: 1 << 28 });
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  return Array.from({ length: Math.floor(samples.length / PIECE_SAMPLES) }, (_, piece) =>
    samples
      .subarray(piece * PIECE_SAMPLES, (piece + 1) * PIECE_SAMPLES)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
  );
}

/** Two channels, nothing left out at the start (RFC 7845, 5.1). */
function opusHead(): Uint8Array {
  const head = Buffer.alloc(19);
  head.write("OpusHead");
  head.writeUInt8(1, 8);
  head.writeUInt8(2, 9);
  head.writeUInt32LE(SAMPLE_RATE, 12);
  return head;
}
