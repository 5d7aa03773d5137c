import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { MillraceError } from "@millrace/core";
import {
  fileBytes,
  fingerprintOf,
  type Video,
  type VideoInfo,
  type VideoLibrary,
} from "@millrace/video-index";
import type { FastifyBaseLogger } from "fastify";
import { shownError } from "../storage/shown-name.ts";
import { inTurn } from "./in-turn.ts";
import { belongs, type KeptVideo, readKept, writeKept } from "./kept-video.ts";

/** A file that was received and is not a video of the shelf yet. */
export interface ReceivedVideo {
  readonly id: string;
  readonly name: string;
  /** Where it lies; it is moved away from there, or deleted. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What became of a received file. */
export interface ShelvedVideo {
  readonly video: KeptVideo;
  /** `same`: these bytes were there under this id. */
  readonly outcome: "new" | "same" | "replaced";
}

/** A video in use. */
export interface OpenVideo {
  readonly kept: KeptVideo;
  readonly video: Video;
  /** Keeps it open beyond the call of {@link VideoShelf.use}, until it is disposed of. */
  retain(): Disposable;
}

/** The videos that the server keeps. They survive a restart, and are opened when somebody asks. */
export interface VideoShelf extends AsyncDisposable {
  list(): readonly KeptVideo[];
  /** @throws MillraceError NOT_FOUND when there is none */
  get(id: string): KeptVideo;
  /** What is known of a video, the newest of it. */
  infoOf(kept: KeptVideo): VideoInfo;
  readonly openCount: number;
  /** Packets that were decoded since the start, over all videos. */
  readonly decodedPackets: number;
  /**
   * Indexes a file and keeps it. Who uses the video that it replaces goes on with that one.
   *
   * @throws MillraceError UNSUPPORTED or CORRUPT_INPUT when it is no video, LIMIT_EXCEEDED when there are too many
   */
  put(received: ReceivedVideo, signal?: AbortSignal): Promise<ShelvedVideo>;
  /** Calls with an open video, which stays open until the promise settles. */
  use<T>(id: string, work: (open: OpenVideo) => Promise<T>): Promise<T>;
  remove(id: string): Promise<void>;
}

interface Opening {
  readonly kept: KeptVideo;
  readonly video: Promise<Video>;
  /** Once it is open. */
  opened: Video | undefined;
  uses: number;
  retired: boolean;
}

/** What {@link openShelf} takes. */
export interface ShelfOptions {
  readonly folder: string;
  readonly dataFolder: string;
  readonly library: VideoLibrary;
  readonly maxVideos: number;
  readonly log: FastifyBaseLogger;
}

/** Finds the videos in a folder. What a crash left there beside them is deleted. */
export async function openShelf(options: ShelfOptions): Promise<VideoShelf> {
  const { folder, dataFolder, library, maxVideos, log } = options;
  const kept = await readShelf(folder, log);
  const openings = new Map<string, Opening>();
  const turns = inTurn();
  /** Ids of videos that are indexed and were not there before. */
  const arriving = new Set<string>();
  let decodedBefore = 0;
  const pathOf = (video: KeptVideo): string => join(folder, video.id, video.file);

  const close = async ({ video, kept: old }: Opening): Promise<void> => {
    const opened = await video.catch(() => undefined);
    decodedBefore += opened?.stats.decodedPackets ?? 0;
    await opened?.close();
    if (kept.get(old.id)?.file !== old.file) await rm(pathOf(old), { force: true });
  };
  const retire = async (id: string): Promise<void> => {
    const opening = openings.get(id);
    if (opening === undefined) return;
    openings.delete(id);
    opening.retired = true;
    if (opening.uses === 0) await close(opening);
  };
  const openingOf = (video: KeptVideo, opened?: Video): Opening => {
    const opening: Opening = {
      kept: video,
      video: opened === undefined ? library.open(pathOf(video)) : Promise.resolve(opened),
      opened,
      uses: 0,
      retired: false,
    };
    openings.set(video.id, opening);
    opening.video.then(
      (open) => {
        opening.opened = open;
      },
      () => {
        // The next request tries again.
        if (openings.get(video.id) === opening) openings.delete(video.id);
      },
    );
    return opening;
  };
  const get = (id: string): KeptVideo => {
    const found = kept.get(id);
    if (found !== undefined) return found;
    throw new MillraceError("NOT_FOUND", `There is no video ${id.slice(0, 100)}; upload it first.`);
  };
  const replace = async (received: ReceivedVideo, signal?: AbortSignal): Promise<ShelvedVideo> => {
    const { id, name, sha256, sizeBytes } = received;
    const old = kept.get(id);
    if (old?.sha256 === sha256) return { video: old, outcome: "same" };
    if (old === undefined && kept.size + arriving.size >= maxVideos) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `There are ${kept.size} videos, the most that this server keeps: delete one, or raise its setting maxVideos.`,
      );
    }
    if (old === undefined) arriving.add(id);
    const home = join(folder, id);
    const ending = /^\.[a-z0-9]{1,8}$/.exec(extname(name).toLowerCase())?.[0] ?? ".video";
    const file = `${sha256.slice(0, 16)}${ending}`;
    const path = join(home, file);
    try {
      await mkdir(home, { recursive: true });
      await rename(received.path, path);
      // Loading what decodes is no part of the time to index.
      await library.scaler();
      const startedMs = performance.now();
      const video = await library.open(path, signal ? { signal } : {});
      const indexMs = performance.now() - startedMs;
      const note = {
        ...{ id, name, file, sha256, sizeBytes, createdMs: Date.now(), indexMs },
        fingerprint: await fingerprintIn(path),
        info: { ...video.info, name },
      };
      await writeKept(home, note).catch(async (error: unknown) => {
        await video.close();
        throw error;
      });
      kept.set(id, note);
      await retire(id);
      // Nobody had it open.
      if (old !== undefined && old.file !== file) await rm(join(home, old.file), { force: true });
      openingOf(note, video);
      return { video: note, outcome: old === undefined ? "new" : "replaced" };
    } catch (error) {
      await rm(path, { force: true });
      if (old === undefined) await rm(home, { recursive: true, force: true });
      throw noVideo(shownError(error, { path, name, dataFolder }));
    } finally {
      arriving.delete(id);
    }
  };

  return {
    list: () => [...kept.values()].sort((a, b) => b.createdMs - a.createdMs),
    get,
    infoOf: (video) => {
      const { opened, kept: current } = openings.get(video.id) ?? {};
      return opened !== undefined && current === video
        ? { ...opened.info, name: video.name }
        : video.info;
    },
    get openCount() {
      return openings.size;
    },
    get decodedPackets() {
      const open = [...openings.values()].flatMap(({ opened }) => opened ?? []);
      return open.reduce((sum, { stats }) => sum + stats.decodedPackets, decodedBefore);
    },
    async put(received, signal) {
      try {
        return await turns(received.id, () => replace(received, signal));
      } finally {
        await rm(received.path, { force: true });
      }
    },
    async use(id, work) {
      const video = get(id);
      const opening = openings.get(id) ?? openingOf(video);
      const retain = (): Disposable => {
        opening.uses += 1;
        let held = true;
        return {
          [Symbol.dispose]() {
            if (!held) return;
            held = false;
            opening.uses -= 1;
            if (!opening.retired || opening.uses > 0) return;
            close(opening).catch((error: unknown) => log.warn({ err: error, video: id }, "close"));
          },
        };
      };
      using _ = retain();
      try {
        return await work({ kept: video, video: await opening.video, retain });
      } catch (error) {
        throw shownError(error, { path: pathOf(video), name: video.name, dataFolder });
      }
    },
    async remove(id) {
      await turns(id, async () => {
        const old = get(id);
        kept.delete(id);
        await retire(id);
        // The note goes with the folder; who still reads the file has it open.
        await rm(join(folder, old.id), { recursive: true, force: true });
      });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...openings.keys()].map(retire));
    },
  };
}

async function fingerprintIn(path: string): Promise<string> {
  await using source = await fileBytes(path);
  return await fingerprintOf(source);
}

/** A file with sound only is there, but it is no video. */
function noVideo(error: unknown): unknown {
  if (!MillraceError.is(error) || error.code !== "NOT_FOUND") return error;
  return new MillraceError("UNSUPPORTED", error.message, { cause: error });
}

async function readShelf(folder: string, log: FastifyBaseLogger): Promise<Map<string, KeptVideo>> {
  const found = new Map<string, KeptVideo>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const home = join(folder, entry.name);
    try {
      const kept = await readKept(home);
      if (kept.id !== entry.name) throw new Error(`it says it is of ${kept.id}`);
      found.set(kept.id, kept);
      for (const name of await readdir(home)) {
        if (!belongs(name, kept)) await rm(join(home, name), { force: true });
      }
    } catch (error) {
      // One that was never answered for, or that somebody changed: it stays for a person to look at.
      log.warn({ err: error, video: entry.name }, "video without a note that can be read");
    }
  }
  return found;
}
