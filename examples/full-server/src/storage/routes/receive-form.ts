import type { Multipart, MultipartFile } from "@fastify/multipart";
import { MillraceError } from "@millrace/core";
import type { FastifyRequest } from "fastify";
import type { JobView } from "../job-views.ts";
import type { StorageServices } from "../services.ts";
import { checkName, checkTarget, finishUpload } from "../uploads.ts";

/**
 * Streams the one file of a form into the store. The field `target` counts before the file and behind it.
 *
 * @throws MillraceError INVALID_OPTION when there is no file or several, or the form is none or ends too early;
 * LIMIT_EXCEEDED when the file is too large
 */
export async function receiveForm(
  request: FastifyRequest,
  services: StorageServices,
): Promise<JobView> {
  const { maxUploadBytes } = services.settings;
  if (!request.isMultipart()) {
    throw new MillraceError("INVALID_OPTION", "Send a form (multipart/form-data) with a file.");
  }
  const parts = openParts(request);
  const targets: string[] = [];
  const part = await nextFile();
  if (part === undefined) {
    throw new MillraceError("INVALID_OPTION", 'The form has no file; name its field "file".');
  }
  const { file, filename: given } = part;
  const stop = new AbortController();
  request.raw.once("aborted", () => stop.abort(new Error("The upload was broken off.")));
  try {
    const filename = checkName(given);
    checkTarget(targets.at(-1));
    const target = async () => {
      if ((await nextFile()) !== undefined) throw severalFiles();
      return checkTarget(targets.at(-1));
    };
    return await finishUpload(
      { filename, target, source: "upload" },
      whole(),
      services,
      stop.signal,
    );
  } finally {
    file.resume();
  }

  async function nextFile(): Promise<MultipartFile | undefined> {
    while (true) {
      const { value, done } = await parts.next().catch((error: unknown) => {
        throw formError(error);
      });
      if (done) return undefined;
      if (value.type === "file") return value;
      if (value.fieldname === "target") targets.push(String(value.value));
    }
  }

  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of file) yield piece as Uint8Array;
    } catch (error) {
      throw formError(error);
    }
    if (!file.truncated) return;
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${given} has more than ${maxUploadBytes} bytes, the most that this server takes.`,
    );
  }
}

function openParts(request: FastifyRequest): AsyncIterator<Multipart> {
  try {
    return request.parts()[Symbol.asyncIterator]();
  } catch (error) {
    throw formError(error);
  }
}

/** The parser's own errors look like failures of the server. */
function formError(error: unknown): MillraceError {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  if (code === "FST_FILES_LIMIT") return severalFiles();
  return new MillraceError(
    "INVALID_OPTION",
    `The form cannot be read: ${message}. It may have been broken off; send it again.`,
    { cause: error },
  );
}

function severalFiles(): MillraceError {
  return new MillraceError(
    "INVALID_OPTION",
    "The form has several files; send each in a form of its own.",
  );
}
