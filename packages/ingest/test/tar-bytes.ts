import { buffer } from "node:stream/consumers";
import { type Header, pack } from "tar-stream";

/** A tar of these members; a member is a header and, for files, its bytes. */
export async function tarBytes(
  members: readonly (readonly [
    header: Partial<Header> & { readonly name: string },
    bytes?: Uint8Array,
  ])[],
): Promise<Buffer> {
  const tar = pack();
  for (const [header, bytes] of members) {
    if (bytes === undefined) tar.entry(header);
    else tar.entry({ ...header, size: bytes.length }, Buffer.from(bytes));
  }
  tar.finalize();
  return await buffer(tar);
}
