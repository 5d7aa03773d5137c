import { MillraceError } from "@millrace/core";
import type { BodyFormat, Compression } from "../encode/body-format.ts";
import type { Client } from "./client.ts";
import { type Compressor, compressorOf } from "./compress.ts";
import { isPrivateHost } from "./private-host.ts";

/** The option of the same name. */
export type CompressionChoice = "auto" | "none" | Compression;

/**
 * The compressor for a run, after the database has shown that it undoes what it makes; undefined for none.
 *
 * @throws MillraceError UNSUPPORTED when the one that was asked for cannot be had
 */
export async function chooseCompression(
  choice: CompressionChoice,
  client: Client,
  format: BodyFormat,
): Promise<Compressor | undefined> {
  const { origin, shown } = client.endpoint;
  if (choice === "none") return undefined;
  if (choice === "auto") {
    const isWorthIt =
      format.compressions.includes("zstd") && !isPrivateHost(new URL(origin).hostname);
    const zstd = isWorthIt ? compressorOf("zstd") : undefined;
    return zstd !== undefined && (await undoes(client, format, zstd)) ? zstd : undefined;
  }
  const compressor = compressorOf(choice);
  if (compressor === undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      `This Node (${process.version}) has no zstd; use 22.15 or newer, or leave out compression.`,
    );
  }
  // Every version undoes gzip where it undoes it at all.
  if (choice === "gzip" || (await undoes(client, format, compressor))) return compressor;
  throw new MillraceError(
    "UNSUPPORTED",
    `The database at ${shown} does not take zstd, as versions before 1.88 do not; leave out compression, or give "auto".`,
  );
}

/**
 * Whether the database takes an empty message in this compression: nothing is stored for it. One that
 * does not know zstd takes it for a damaged snappy frame and says 400 (measured: 1.79.5 and 1.145).
 */
async function undoes(
  client: Client,
  { path, headers }: BodyFormat,
  { name, compress }: Compressor,
): Promise<boolean> {
  const empty = await compress(Buffer.alloc(0));
  try {
    await client.send(path, { ...headers, "content-encoding": name }, empty, true);
    return true;
  } catch (error) {
    if (MillraceError.is(error) && error.code === "SINK_REJECTED") return false;
    throw error;
  }
}
