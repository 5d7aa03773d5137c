import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { VideoInfo } from "@millrace/video-index";
import { z } from "zod";
import { writeWhole } from "./write-whole.ts";

/** A video that the server keeps, as it is noted beside its file. */
export interface KeptVideo {
  readonly id: string;
  /** What its giver calls the file. */
  readonly name: string;
  /** The file, in the folder of the video. */
  readonly file: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** What its index is kept under. */
  readonly fingerprint: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  /** How long it took to index it, in milliseconds. */
  readonly indexMs: number;
  readonly info: VideoInfo;
}

const NOTE = "video.json";

const note = z.object({
  id: z.string(),
  name: z.string(),
  // A note that somebody changed must not lead out of its folder.
  file: z.string().regex(/^[a-f0-9]{16}\.[a-z0-9]{1,8}$/),
  sha256: z.string().regex(/^[a-f0-9]{64}$/),
  fingerprint: z.string(),
  sizeBytes: z.number(),
  createdMs: z.number(),
  indexMs: z.number(),
  info: z.custom<VideoInfo>((value) => typeof value === "object" && value !== null),
});

/** Reads the note of a folder; rejects where there is none, or none that can be read. */
export async function readKept(folder: string): Promise<KeptVideo> {
  return note.parse(JSON.parse(await readFile(join(folder, NOTE), "utf8")));
}

/** Writes the note of a folder, whole or not at all. */
export async function writeKept(folder: string, kept: KeptVideo): Promise<void> {
  await writeWhole(join(folder, NOTE), `${JSON.stringify(kept, undefined, 1)}\n`);
}

/** Whether a name in the folder of a video is one of those that belong there. */
export function belongs(name: string, kept: KeptVideo): boolean {
  return name === NOTE || name === kept.file;
}
