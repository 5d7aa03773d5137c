import { type Flow, MillraceError, pipeline, type SeriesBatch } from "@millrace/core";
import { archive } from "./archive/archive-source.ts";
import type { ArchiveLimits } from "./archive/limits.ts";
import type { RemoteOptions } from "./archive/open-remote.ts";
import { unpack } from "./archive/unpack.ts";
import { oceanstor } from "./oceanstor/oceanstor.ts";
import type { ArchiveParser } from "./parser/archive-parser.ts";
import { type JoinOptions, joinBlocks } from "./parser/join-blocks.ts";
import { parseMembers } from "./parser/parse-members.ts";

/** Options of {@link ingest}. */
export interface IngestOptions {
  /** Reads the files. @defaultValue `oceanstor()` */
  readonly parser?: ArchiveParser;
  /** Files above 1 MiB inflated at once, on Node's thread pool. @defaultValue 2 */
  readonly workers?: number;
  /** Caps for hostile input; what is left out keeps its default. */
  readonly limits?: Partial<ArchiveLimits>;
  /** Folder for archives inside an archive that do not fit into memory. @defaultValue none: nothing is written */
  readonly spillFolder?: string | undefined;
  /** How URLs and objects in S3 are reached. */
  readonly remote?: RemoteOptions;
  /** How consecutive files are joined. */
  readonly join?: JoinOptions;
}

/**
 * The whole road from archives to series batches: read, inflate, parse, join, transpose.
 *
 * It is {@link archive}, `unpack`, `parseMembers` and `joinBlocks` in a row; take them apart to put
 * something of your own between. Memory is bounded by the joined rows and a few files, whatever the size
 * of the archive.
 *
 * @param inputs - zips, 7zs, folders, single `.tgz` or `.dat` files; `https://…` and `s3://…`
 * @example
 * ```ts
 * import { ingest } from "@millrace/ingest";
 * import { victoriaMetrics } from "@millrace/vm-sink";
 *
 * const load = (url: string) => ingest("archive.zip").to(victoriaMetrics({ url }));
 * ```
 */
export function ingest(
  inputs: string | readonly string[],
  options: IngestOptions = {},
): Flow<SeriesBatch> {
  const { parser = oceanstor(), workers = 2, limits = {}, join = {}, remote = {} } = options;
  const { spillFolder } = options;
  checkParser(parser);
  return pipeline(
    archive(inputs, { identify: (path) => parser.identify(path), limits, remote, spillFolder }),
    unpack({ workers, limits }),
    parseMembers(parser),
    joinBlocks(join),
  );
}

function checkParser(parser: ArchiveParser): void {
  const { identify, parse } = Object(parser) as Partial<ArchiveParser>;
  if (typeof identify === "function" && typeof parse === "function") return;
  throw new MillraceError(
    "INVALID_OPTION",
    "parser has no identify or no parse; give what a factory such as oceanstor() returns.",
  );
}
