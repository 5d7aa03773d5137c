import type { Source } from "@millrace/core";
import type { MemberIdentity } from "../parser/archive-parser.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { ArchiveReader, originEnd } from "./archive-reader.ts";
import { findInput, storedSize } from "./find-input.ts";
import { inputList } from "./input-list.ts";
import { type ArchiveLimits, archiveLimits } from "./limits.ts";
import { openInputs } from "./open-inputs.ts";
import type { RemoteOptions } from "./open-remote.ts";

/** Options of {@link archive}. */
export interface ArchiveOptions {
  /** Says of a path whether it is wanted and where it stands; usually a parser's own `identify`. */
  readonly identify: (path: string) => MemberIdentity | undefined;
  /** Caps for hostile input; what is left out keeps its default. */
  readonly limits?: Partial<ArchiveLimits>;
  /**
   * Folder for archives inside an archive that take more memory than `limits.nestedBytes` leaves. The files have no
   * names and are gone with the process. @defaultValue none: nothing is written to a disk, and they are refused
   */
  readonly spillFolder?: string | undefined;
  /** How URLs and objects in S3 are reached. */
  readonly remote?: RemoteOptions;
}

/**
 * Reads the members of zips, 7zs, folders and single `.tgz` or `.dat` files, ordered by stream (an
 * array's controller) and time within each container, and archives inside archives behind those. Nothing
 * is written to the disk.
 *
 * A zip is read where it lies, also one stored in another zip, on a web server that sends parts
 * (`https://…`), or in S3 (`s3://bucket/key`, or `s3://bucket/prefix/` for every archive below it). A 7z
 * can only be read in its own order, which a `warning` event says, and needs the package
 * `libarchive-wasm`; S3 needs `@aws-sdk/client-s3`.
 *
 * Members whose name, size and checksum were already seen are skipped, as are inputs given twice,
 * `__MACOSX` folders and files that `identify` does not know; each skip is said in an `origin-read`
 * event. A container that cannot be opened is reported as a failed origin, and the others go on.
 *
 * @param inputs - paths and URLs; a folder is searched with all below it, archives included
 * @throws MillraceError NOT_FOUND when an input, or what a link leads to, does not exist
 * @throws MillraceError INVALID_OPTION for inputs that are no texts, and for a URL that cannot be one of an archive
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
  const given = inputList(inputs);
  return {
    apiVersion: 1,
    name: "archive",
    async *open(context) {
      const { meter, signal } = context;
      for (const path of given) {
        await findInput(path);
        meter.bytesTotal += await storedSize(path);
      }
      const reader = new ArchiveReader(options.identify, limits, context, options.spillFolder);
      for await (const input of openInputs(given, limits, signal, options.remote)) {
        if (input.container === undefined) {
          meter.originsTotal += 1;
          meter.bytes += await storedSize(input.path);
          const outcome = input.error === undefined ? "skipped" : "failed";
          context.emit(originEnd(input.origin, outcome, input.reason));
          continue;
        }
        const { container } = input;
        for (const path of container.nested) meter.bytesTotal += await storedSize(path);
        // A folder says how much it holds only now.
        meter.bytesTotal += container.sizeBytes - (await storedSize(input.path));
        yield* reader.readInput(container);
      }
    },
  };
}
