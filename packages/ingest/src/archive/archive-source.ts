import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { type RunContext, type Source, wrapError } from "@millrace/core";
import type { MemberIdentity } from "../parser/archive-parser.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { type Container, type ContainerEntry, originName } from "./container.ts";
import { findInput, storedSize } from "./find-input.ts";
import { type ArchiveLimits, archiveLimits } from "./limits.ts";
import { checkPassedOver, memberList } from "./member-list.ts";
import { openInputs } from "./open-inputs.ts";

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
 * Members whose name, size and checksum were already seen are skipped, as are inputs given twice,
 * `__MACOSX` folders and files that `identify` does not know; each skip is said in an `origin-read`
 * event. A container that cannot be opened is reported as a failed origin, and the others go on.
 *
 * @param inputs - paths; a folder is searched with all below it, zips included
 * @throws MillraceError NOT_FOUND when an input, or what a link leads to, does not exist
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
      const { meter, signal } = context;
      const seen = new Map<string, string>();
      const given = typeof inputs === "string" ? [inputs] : inputs;
      for (const path of given) {
        await findInput(path);
        meter.bytesTotal += await storedSize(path);
      }
      for await (const input of openInputs(given, limits, signal)) {
        if (input.container === undefined) {
          meter.originsTotal += 1;
          meter.bytes += await storedSize(input.path);
          const outcome = input.error === undefined ? "skipped" : "failed";
          context.emit(ended(input.origin, outcome, input.reason));
          continue;
        }
        const { container } = input;
        for (const path of container.nested) meter.bytesTotal += await storedSize(path);
        // A folder says how much it holds only now.
        meter.bytesTotal += container.sizeBytes - (await storedSize(input.path));
        yield* readContainer(container, options.identify, limits, seen, context);
      }
    },
  };
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
  for (const passed of passedOver) {
    context.signal.throwIfAborted();
    const { entry, outcome, reason } = await checkPassedOver(passed);
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
