import { wrapError } from "@millrace/core";
import type { MemberIdentity } from "../parser/archive-parser.ts";
import type { ContainerEntry } from "./container.ts";

/** A file that is not read. */
export interface PassedOver {
  readonly entry: ContainerEntry;
  readonly outcome: "skipped" | "failed";
  readonly reason: string;
}

/** What is to be read of a container, in order, and what is not. */
export interface MemberList {
  /** By stream (an array's controller) and time. */
  readonly wanted: readonly ContainerEntry[];
  /** Archives inside, by path. */
  readonly nested: readonly ContainerEntry[];
  readonly passedOver: readonly PassedOver[];
}

/** Sorts files into those to read, those to open as archives, and those to pass over. */
export function memberList(
  entries: readonly ContainerEntry[],
  identify: (path: string) => MemberIdentity | undefined,
): MemberList {
  const wanted: { readonly entry: ContainerEntry; readonly identity: MemberIdentity }[] = [];
  const nested: ContainerEntry[] = [];
  const passedOver: PassedOver[] = [];
  for (const entry of entries) {
    if (entry.leftOut !== undefined) {
      passedOver.push({ entry, outcome: "skipped", reason: entry.leftOut });
      continue;
    }
    const junk = isFinderMetadata(entry.path);
    const identity = junk ? undefined : identify(entry.path);
    if (identity !== undefined) wanted.push({ entry, identity });
    else if (!junk && entry.openNested !== undefined && /\.(zip|7z)$/i.test(entry.path)) {
      nested.push(entry);
    } else if (!junk && /\.(zip|7z|rar|tar)$/i.test(entry.path)) {
      // It may well hold performance files: passing it over in silence would be a loss.
      const reason =
        "An archive of this kind inside another is not read; unpack it and give the folder.";
      passedOver.push({ entry, outcome: "failed", reason });
    } else {
      const reason = junk ? "Finder metadata (__MACOSX or ._ file)." : "Not a performance file.";
      passedOver.push({ entry, outcome: "skipped", reason });
    }
  }
  wanted.sort(
    (a, b) =>
      compare(a.identity.stream, b.identity.stream) ||
      compare(a.identity.order, b.identity.order) ||
      compare(a.entry.path, b.entry.path),
  );
  nested.sort((a, b) => compare(a.path, b.path));
  return { wanted: wanted.map(({ entry }) => entry), nested, passedOver };
}

/**
 * Looks again at a file that is skipped for its name: where that is damaged, it may well have been the
 * name of a performance file, so the skip is a loss.
 */
export async function checkPassedOver(passed: PassedOver): Promise<PassedOver> {
  if (passed.outcome === "failed") return passed;
  const { entry } = passed;
  try {
    await entry.checkName?.();
    return passed;
  } catch (error) {
    const reason = wrapError(error, `Reading the name of ${entry.path}`).message;
    return { entry, outcome: "failed", reason };
  }
}

/** Whether a path is what macOS adds to zips and tars beside the real files. */
export function isFinderMetadata(path: string): boolean {
  return /(^|\/)(__MACOSX\/|\._[^/]*$)/.test(path);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
