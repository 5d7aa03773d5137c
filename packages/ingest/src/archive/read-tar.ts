import { MillraceError } from "@millrace/core";
import { extract } from "tar-stream";
import type { ArchiveLimits } from "./limits.ts";

/** One file out of a packed member. */
export interface Document {
  /** Its name inside the member; never used to touch the disk. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a tar holds. */
export interface TarContents {
  readonly documents: readonly Document[];
  /** Why something may be missing, although all that is there was read. */
  readonly problems: readonly string[];
}

const BLOCK_BYTES = 512;
const NOTHING = new Uint8Array(0);

/**
 * The files of a tar; folders and links are passed over.
 *
 * A tar ends in two blocks of zeros (POSIX.1-2024, pax interchange format). One that ends with a member
 * was cut there, or made by a careless program; nobody can tell, so it counts as a problem.
 *
 * @throws MillraceError CORRUPT_INPUT when it is damaged
 * @throws MillraceError LIMIT_EXCEEDED when it holds more files than the limit
 */
export async function readTar(
  path: string,
  bytes: Uint8Array,
  limits: ArchiveLimits,
): Promise<TarContents> {
  const documents: Document[] = [];
  let [endAt, entries] = [0, 0];
  const tar = extract();
  tar.end(bytes);
  try {
    for await (const entry of tar) {
      // A folder has no body, whatever its header says; waiting for one would never end.
      const body = entry.header.type === "directory" ? NOTHING : await bodyOf(entry);
      // Its header takes one block, its body as many as it needs.
      endAt = entry.offset + BLOCK_BYTES * (1 + Math.ceil(body.length / BLOCK_BYTES));
      entries += 1;
      // Folders and links count, too: a small file can unpack to a million of them.
      if (entries > limits.documents) throw tooManyDocuments(path, limits);
      if (entry.header.type !== "file") continue;
      documents.push({ path: entry.header.name, bytes: body });
    }
  } catch (cause) {
    if (MillraceError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("CORRUPT_INPUT", `${path} holds no intact tar: ${reason}.`, { cause });
  }
  const cut = endAt > 0 && endAt >= bytes.length;
  const problem = `${path}: the tar ends at byte ${endAt} without its end mark, so files may be missing.`;
  return { documents, problems: cut ? [problem] : [] };
}

/** A packed member with more in it than the limit. */
export function tooManyDocuments(path: string, { documents }: ArchiveLimits): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `${path} holds more than ${documents} files; raise the limit "documents" if that is right.`,
  );
}

/** One chunk is a view of what was inflated: nothing is copied. */
async function bodyOf(entry: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
