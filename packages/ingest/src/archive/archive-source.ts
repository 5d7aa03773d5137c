import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { MillraceError, type RunContext, type Source, wrapError } from "@millrace/core";
import type { MemberIdentity } from "../parser/archive-parser.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { type Container, type ContainerEntry, originName } from "./container.ts";
import { openFile } from "./file-container.ts";
import { openFolder } from "./folder-container.ts";
import { type ArchiveLimits, archiveLimits } from "./limits.ts";
import { memberList } from "./member-list.ts";
import { openZip } from "./zip-container.ts";

/** Options of {@link archive}. */
export interface ArchiveOptions {
  /** Says of a path whether it is wanted and where it stands; usually a parser's own `identify`. */
  readonly identify: (path: string) => MemberIdentity | undefined;
  /** Caps for hostile input; what is left out keeps its default. */
  readonly limits?: Partial<ArchiveLimits>;
}

/**
 * Reads the members of zips, folders and single `.tgz` or `.dat` files, ordered by stream (an array's
 * controller) and time within each container. Nothing is written to the disk.
 *
 * Members whose name, size and checksum were already seen are skipped, as are `__MACOSX` folders and
 * files that `identify` does not know; each skip is said in an `origin-read` event. A container that
 * cannot be opened is reported as a failed origin, and the others go on.
 *
 * @param inputs - paths; a folder is searched with all below it, zips included
 * @throws MillraceError NOT_FOUND when an input does not exist
 * @example
 * ```ts
 * import { archive, oceanstor } from "@millrace/ingest";
 *
 * const source = archive("2025-10-20.zip", { identify: oceanstor().identify });
 * ```
 */
export function archive(
  inputs: string | readonly string[],
  options: ArchiveOptions,
): Source<ArchiveMember | UnreadableMember> {
  const limits = archiveLimits(options.limits);
  return {
    apiVersion: 1,
    name: "archive",
    async *open(context) {
      const seen = new Map<string, string>();
      const queue = typeof inputs === "string" ? [inputs] : [...inputs];
      for (const input of queue) context.meter.bytesTotal += await storedSize(input);
      for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
        context.signal.throwIfAborted();
        const container = await openOrReport(input, limits, context);
        if (container === undefined) continue;
        try {
          if (container.nested.length > 0) {
            for (const path of container.nested) context.meter.bytesTotal += await storedSize(path);
            queue.unshift(...container.nested);
          }
          if (container.sizeBytes > 0 && (await isFolder(input))) {
            context.meter.bytesTotal += container.sizeBytes;
          }
          yield* readContainer(container, options.identify, limits, seen, context);
        } finally {
          await container[Symbol.asyncDispose]();
        }
      }
    },
  };
}

/**
 * Opens a zip, a folder or a single file, whichever the path is.
 *
 * @throws MillraceError NOT_FOUND, UNSUPPORTED, CORRUPT_INPUT or LIMIT_EXCEEDED
 */
export async function openContainer(path: string, limits: ArchiveLimits): Promise<Container> {
  const stats = await found(path);
  if (stats.isDirectory()) return await openFolder(path, limits);
  // Reading a pipe, a socket or a device could wait for ever or never end.
  if (!stats.isFile()) {
    throw new MillraceError("UNSUPPORTED", `${path} is neither a file nor a folder.`);
  }
  const magic = await firstBytes(path, 6);
  if (magic.subarray(0, 2).toString("latin1") === "PK") return await openZip(path, limits);
  if (/\.zip$/i.test(path)) {
    throw new MillraceError("CORRUPT_INPUT", `${path} is called .zip but is none.`);
  }
  if (magic.toString("latin1") === "7z\xbc\xaf\x27\x1c") {
    throw new MillraceError(
      "UNSUPPORTED",
      `${path} is a 7z archive, which is not read yet; unpack it and give the folder.`,
    );
  }
  if (/\.(tgz|tar\.gz|dat)$/i.test(path)) return await openFile(path);
  throw new MillraceError(
    "UNSUPPORTED",
    `${path} is no archive that is known here; give a .zip, a folder, a .tgz or a .dat.`,
  );
}

async function openOrReport(
  input: string,
  limits: ArchiveLimits,
  context: RunContext,
): Promise<Container | undefined> {
  try {
    return await openContainer(input, limits);
  } catch (error) {
    const problem = wrapError(error, `Opening ${input}`);
    if (problem.code === "NOT_FOUND") throw problem;
    context.meter.originsTotal += 1;
    context.meter.bytes += await storedSize(input);
    context.emit(ended(input, "failed", problem.message));
    return undefined;
  }
}

async function* readContainer(
  container: Container,
  identify: ArchiveOptions["identify"],
  limits: ArchiveLimits,
  seen: Map<string, string>,
  context: RunContext,
): AsyncGenerator<ArchiveMember | UnreadableMember> {
  const { wanted, passedOver } = memberList(container, identify);
  context.meter.originsTotal += container.entries.length;
  let readBytes = 0;
  const pass = (entry: ContainerEntry): void => {
    // A directory that lies must not take the progress beyond the size of its container.
    const stored = Math.min(entry.storedBytes, container.sizeBytes - readBytes);
    readBytes += stored;
    context.meter.bytes += stored;
  };
  const named = new Map<string, number>();
  const nameOf = (entry: ContainerEntry): string => {
    const plain = originName(container, entry);
    // A zip may list one path many times, with different files; each needs an outcome of its own.
    const times = (named.get(plain) ?? 0) + 1;
    named.set(plain, times);
    return times === 1 ? plain : `${plain} (${times})`;
  };
  for (const { entry, outcome, reason } of passedOver) {
    pass(entry);
    context.emit(ended(nameOf(entry), outcome, reason));
  }
  for (const entry of wanted) {
    context.signal.throwIfAborted();
    const origin = nameOf(entry);
    const member = await readMember(entry, origin, limits);
    pass(entry);
    if ("bytes" in member) {
      const print = memberPrint(entry.path, member.bytes);
      const twin = seen.get(print);
      if (twin !== undefined) {
        context.emit(ended(origin, "skipped", `An equal copy of ${twin}.`));
        continue;
      }
      seen.set(print, origin);
    }
    yield member;
  }
  // The directory of a zip is not part of any entry; without this the progress would stop short of 100 %.
  context.meter.bytes += container.sizeBytes - readBytes;
}

/** Equal for the copies of one file: its name, size and checksum. */
export function memberPrint(path: string, bytes: Uint8Array): string {
  return `${basename(path)} ${bytes.length} ${crc32(bytes)}`;
}

async function readMember(
  entry: ContainerEntry,
  origin: string,
  limits: ArchiveLimits,
): Promise<ArchiveMember | UnreadableMember> {
  try {
    return { origin, path: entry.path, bytes: await entry.read(limits) };
  } catch (error) {
    return { origin, path: entry.path, error: wrapError(error, `Reading ${origin}`) };
  }
}

function ended(origin: string, outcome: "failed" | "skipped", problem: string) {
  return {
    type: "origin-read",
    origin,
    outcome,
    count: 0,
    filtered: 0,
    problems: [problem],
  } as const;
}

async function isFolder(path: string): Promise<boolean> {
  return (await found(path)).isDirectory();
}

/** What progress expects of an input before it is opened; a folder says so once it is listed. */
async function storedSize(path: string): Promise<number> {
  const stats = await found(path);
  return stats.isDirectory() ? 0 : stats.size;
}

async function found(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw new MillraceError("NOT_FOUND", `${path} does not exist or cannot be read.`, { cause });
  }
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
