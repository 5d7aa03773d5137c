import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { MultipartFile } from "@fastify/multipart";
import { MillraceError } from "@millrace/core";
import type { FastifyRequest } from "fastify";
import { videoId, videoName } from "./video-id.ts";
import type { VideoServices } from "./video-services.ts";
import type { ShelvedVideo } from "./video-shelf.ts";

/**
 * Streams the file of a form to the disk and puts it on the shelf. The field `id` counts before the file and behind it.
 *
 * @throws MillraceError INVALID_OPTION when the form is none, or has no file or several; LIMIT_EXCEEDED when the file is
 *   too large; UNSUPPORTED or CORRUPT_INPUT when it is no video
 */
export async function receiveVideo(
  request: FastifyRequest,
  services: VideoServices,
  signal: AbortSignal,
): Promise<ShelvedVideo> {
  const { maxVideoBytes } = services.settings;
  if (!request.isMultipart()) {
    throw new MillraceError(
      "INVALID_OPTION",
      "Send a form (multipart/form-data) with the fields id and file.",
    );
  }
  const path = services.newPath();
  let id: string | undefined;
  let received: { readonly name: string; readonly sha256: string; sizeBytes: number } | undefined;
  try {
    const limits = { fileSize: maxVideoBytes };
    for await (const part of read(request.parts({ limits }))) {
      if (part.type === "field") {
        if (part.fieldname === "id") id = String(part.value);
        continue;
      }
      const name = videoName(part.filename);
      received = { name, ...(await writeFile(part, path)) };
      if (!part.file.truncated) continue;
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name} has more than ${maxVideoBytes} bytes, the most that this server takes: its setting maxVideoBytes.`,
      );
    }
    if (received === undefined) {
      throw new MillraceError("INVALID_OPTION", 'The form has no file; name its field "file".');
    }
    const about = { ...received, id: videoId(id, received.name), path };
    return await services.shelf.put(about, signal);
  } finally {
    await rm(path, { force: true });
  }
}

async function writeFile(
  { file }: MultipartFile,
  path: string,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await using target = await open(path, "wx");
  for await (const piece of read<Uint8Array>(file)) {
    hash.update(piece);
    sizeBytes += piece.length;
    await target.writeFile(piece);
  }
  await target.sync();
  return { sha256: hash.digest("hex"), sizeBytes };
}

/** The parser's own errors look like failures of the server. */
async function* read<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = items[Symbol.asyncIterator]();
  while (true) {
    let step: IteratorResult<T, unknown>;
    try {
      step = await iterator.next();
    } catch (cause) {
      const { code, message } = cause as { readonly code?: string; readonly message: string };
      const problem =
        code === "FST_FILES_LIMIT"
          ? "The form has several files; send each in a form of its own."
          : `The form cannot be read: ${message}. It may have been broken off; send it again.`;
      throw new MillraceError("INVALID_OPTION", problem, { cause });
    }
    if (step.done) return;
    yield step.value;
  }
}
