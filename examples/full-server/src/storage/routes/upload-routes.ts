import multipart from "@fastify/multipart";
import { MillraceError } from "@millrace/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { JobView } from "../job-views.ts";
import type { StorageServices } from "../services.ts";
import type { TusUploads } from "../tus-uploads.ts";
import { checkUpload, finishUpload } from "../uploads.ts";

/** Uploads: in pieces that go on after a break (tus), or as one form. */
export async function uploadRoutes(
  app: FastifyInstance,
  services: StorageServices,
  uploads: TusUploads,
): Promise<void> {
  await app.register(multipart, {
    limits: { files: 1, fileSize: services.settings.maxUploadBytes, fields: 10 },
  });
  app.post(
    "/v1/uploads/form",
    { schema: { summary: "Upload an archive as a form", tags: ["uploads"] } },
    async (request, reply) => {
      const job = await receiveForm(request, services);
      return await reply.code(201).send({ job });
    },
  );
  // The protocol reads the bytes itself.
  app.addContentTypeParser("application/offset+octet-stream", (_request, _body, done) =>
    done(null),
  );
  for (const url of ["/v1/uploads", "/v1/uploads/*"]) {
    app.all(url, { schema: { hide: true } }, async (request, reply) => {
      reply.hijack();
      await uploads.server.handle(request.raw, reply.raw);
    });
  }
}

/**
 * Streams the file of a form into the store; fields count when they come before it.
 *
 * @throws MillraceError INVALID_OPTION when there is no file; LIMIT_EXCEEDED when it is too large
 */
export async function receiveForm(
  request: FastifyRequest,
  services: StorageServices,
): Promise<JobView> {
  const { maxUploadBytes } = services.settings;
  if (!request.isMultipart()) {
    throw new MillraceError("INVALID_OPTION", "Send a form (multipart/form-data) with a file.");
  }
  const part = await request.file();
  if (part === undefined) {
    throw new MillraceError("INVALID_OPTION", 'The form has no file; name its field "file".');
  }
  const { file, filename, fields } = part;
  const field = fields["target"];
  const target = field !== undefined && "value" in field ? String(field.value) : undefined;
  const stop = new AbortController();
  request.raw.once("aborted", () => stop.abort(new Error("The upload was broken off.")));
  try {
    const about = checkUpload(filename, target);
    return await finishUpload({ ...about, source: "upload" }, whole(), services, stop.signal);
  } finally {
    file.resume();
  }

  async function* whole(): AsyncGenerator<Uint8Array> {
    for await (const piece of file) yield piece as Uint8Array;
    if (!file.truncated) return;
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${filename} has more than ${maxUploadBytes} bytes, the most that this server takes.`,
    );
  }
}
