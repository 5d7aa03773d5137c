import { MillraceError } from "@millrace/core";
import { loneBlock, matroskaHeader } from "../mux/matroska.ts";
import type { Container, Muxer, MuxerTracks } from "../mux/muxer.ts";
import { childProgram } from "./child-program.ts";

const MICROSECOND_NS = 1000;
/** Above what an encoder puts before the sound: Matroska has no times below 0. */
const SHIFT_US = 1_000_000;

const OUTPUTS: Readonly<Record<Container, readonly string[]>> = {
  // Fragments, since a pipe cannot be gone back in to write the table of a whole file.
  mp4: ["-movflags", "frag_keyframe+empty_moov+default_base_moof+delay_moov", "-f", "mp4"],
  webm: ["-f", "webm"],
};

/** Starts ffmpeg to write a container; packets go in as they are. */
export function ffmpegMuxer(path: string, container: Container, tracks: MuxerTracks): Muxer {
  const { video, audio } = tracks;
  const output = OUTPUTS[container];
  if (!output) {
    throw new MillraceError(
      "UNSUPPORTED",
      `ffmpeg: it writes mp4 and webm here, not ${container}.`,
    );
  }
  if (!video && !audio)
    throw new MillraceError("INVALID_OPTION", "ffmpeg: give video, audio or both.");
  const program = childProgram(
    path,
    [
      ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning", "-f", "matroska"],
      ...["-itsoffset", String(-SHIFT_US / 1e6), "-i", "pipe:0", "-map", "0", "-c", "copy"],
      ...["-copyts", "-avoid_negative_ts", "disabled", ...output, "pipe:1"],
    ],
    () => {},
  );
  let last = program.write(
    matroskaHeader({ docType: "matroska", timestampScaleNs: MICROSECOND_NS, video, audio }),
  );
  let isEnded = false;

  async function write(
    track: "video" | "audio",
    timestamp: number,
    isKey: boolean,
    data: Uint8Array,
  ): Promise<void> {
    if (isEnded) throw new MillraceError("CLOSED", "ffmpeg: the file has ended.");
    if (!tracks[track])
      throw new MillraceError("INVALID_OPTION", `ffmpeg: the file has no ${track}.`);
    last = last.then(() => program.write(loneBlock(track, timestamp + SHIFT_US, isKey, data)));
    await last;
  }

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const bytes of program.stdout) yield bytes as Buffer;
      await finished();
    } finally {
      program.kill();
    }
  }

  async function finished(): Promise<void> {
    const { status, killed } = await program.ended;
    if (status === 0 && !killed) return;
    throw new MillraceError(
      killed ? "CLOSED" : "INTERNAL",
      `ffmpeg: the file was not written to its end (status ${status ?? "of a signal"}). It said:\n${program.complaints()}`,
    );
  }

  async function close(): Promise<void> {
    isEnded = true;
    program.kill();
    await program.ended.catch(() => {});
  }

  return {
    writeVideo: ({ timestamp, type, data }) => write("video", timestamp, type === "key", data),
    writeAudio: ({ timestamp, data }) => write("audio", timestamp, true, data),
    async end() {
      isEnded = true;
      await last;
      program.end();
      await finished();
    },
    output: { [Symbol.asyncIterator]: read },
    close,
    [Symbol.asyncDispose]: close,
  };
}
