import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "@millrace/core";
import { CLIPS, type Clip, type UnreadableClip } from "./clip-list.ts";

const run = promisify(execFile);
/** To be raised when the recipes change: clips of another version are made anew. */
const VERSION = "1";
const QUIET = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y"];
/** So that the same encoder gives the same bytes. */
const STEADY = ["-threads", "1", "-filter_threads", "1"];
const EXACT = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1"];

/** The clips of a folder. */
export interface ClipFolder {
  readonly folder: string;
  readonly clips: readonly Clip[];
  /** Files that cannot be opened as a video. */
  readonly unreadable: readonly UnreadableClip[];
  /** Where a clip lies. */
  pathOf(name: string): string;
}

/**
 * Makes about sixty short clips with the `ffmpeg` command: every container, codec and shape of a group of pictures that
 * is read, and damaged ones. Every frame carries its number in its pixels ({@link readBarcode}), so that a judge
 * need not believe the times that an index used.
 *
 * Clips that are there already from the same recipes are left alone; it takes some ten seconds otherwise.
 *
 * @throws MillraceError MISSING_DEPENDENCY when there is no `ffmpeg` command
 */
export async function makeClips(folder: string): Promise<ClipFolder> {
  const recipes = JSON.stringify({ version: VERSION, clips: CLIPS, cuts: CUTS, boxes: RENAMED });
  const isMade = async (): Promise<boolean> =>
    (await readFile(join(folder, "recipes.json"), "utf8").catch(() => "")) === recipes;
  if (!(await isMade())) {
    // Apart, so that whoever else makes them at the same time sees all of them or none.
    await mkdir(dirname(folder), { recursive: true });
    const draft = await mkdtemp(`${folder}-draft-`);
    for (const { name, args } of CLIPS) await ffmpeg(draft, name, args);
    await makeDamaged(draft);
    await writeFile(join(draft, "recipes.json"), recipes);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder).catch(async (error: unknown) => {
      await rm(draft, { recursive: true, force: true });
      if (!(await isMade())) throw error;
    });
  }
  return {
    folder,
    clips: [...CLIPS, ...MADE_BY_HAND],
    unreadable: UNREADABLE,
    pathOf: (name) => join(folder, name),
  };
}

async function ffmpeg(folder: string, name: string, args: readonly string[]): Promise<void> {
  const output = name.endsWith(".h264") ? [] : EXACT;
  await run("ffmpeg", [...QUIET, ...STEADY, ...args, ...output, name], { cwd: folder }).catch(
    (cause: NodeJS.ErrnoException & { stderr?: string }) => {
      if (cause.code === "ENOENT") {
        throw new MillraceError(
          "MISSING_DEPENDENCY",
          "The clips are made with ffmpeg, which is not installed: apt-get install ffmpeg",
          { cause },
        );
      }
      throw new MillraceError(
        "INTERNAL",
        `ffmpeg could not make ${name}: ${cause.stderr ?? cause.message}`,
        { cause },
      );
    },
  );
}

const sixty = Array.from({ length: 60 }, (_, index) => index);
const byHand = (name: string, state: Clip["state"], numbers: readonly number[] = sixty): Clip => ({
  name,
  numbers,
  barcode: true,
  state,
  args: [],
});

/** The first part of a clip. */
const CUTS = [
  ["moov_end.mp4", "trunc_nomoov.mp4"],
  ["faststart.mp4", "trunc_faststart.mp4"],
  ["plain.ts", "trunc.ts"],
  ["remux.mkv", "trunc.mkv"],
  ["mpeg4_b.avi", "trunc.avi"],
] as const;
/** Boxes that are turned into free space. */
const RENAMED = [
  ["cfr_b.mp4", "nostss.mp4", "stss"],
  ["elst_trim.mp4", "noedts.mp4", "edts"],
] as const;

const MADE_BY_HAND: readonly Clip[] = [
  byHand("trunc_faststart.mp4", "damaged"),
  // The packet of frame 33 was written behind that of 34.
  byHand("trunc.ts", "damaged", [...sixty.slice(0, 33), 34]),
  byHand("trunc.mkv", "damaged", [...sixty.slice(0, 31), 31, 32, 34]),
  byHand("trunc.avi", "damaged", sixty.slice(0, 26)),
  byHand("nostss.mp4", "odd"),
  // All that the edit list hid is shown.
  byHand("noedts.mp4", "odd"),
];

const UNREADABLE: readonly UnreadableClip[] = [
  { name: "audio_only.m4a", code: "NOT_FOUND" },
  { name: "header_only.mp4", code: "NOT_FOUND" },
  { name: "zero.mp4", code: "CORRUPT_INPUT" },
  { name: "garbage.mp4", code: "UNSUPPORTED" },
  { name: "trunc_nomoov.mp4", code: "CORRUPT_INPUT" },
];

async function makeDamaged(folder: string): Promise<void> {
  const path = (name: string): string => join(folder, name);
  for (const [from, to] of CUTS) {
    const bytes = await readFile(path(from));
    await writeFile(path(to), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  }
  for (const [from, to, type] of RENAMED) {
    const bytes = await readFile(path(from));
    for (let at = bytes.indexOf(type); at >= 0; at = bytes.indexOf(type, at + 4))
      bytes.write("free", at);
    await writeFile(path(to), bytes);
  }
  await ffmpeg(folder, "audio_only.m4a", ["-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac"]);
  await ffmpeg(folder, "header_only.mp4", [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=192x128:r=30:d=1",
    "-t",
    "0",
  ]);
  await writeFile(path("zero.mp4"), "");
  await writeFile(path("garbage.mp4"), noise(65_536));
}

/** Bytes that look like nothing, the same each time (a linear congruential generator; Numerical Recipes, 7.1). */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 7;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
