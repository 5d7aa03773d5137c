import multipart from "@fastify/multipart";
import type { FastifyInstance } from "fastify";
import type { StorageServices } from "../services.ts";
import type { TusUploads } from "../tus-uploads.ts";
import { receiveForm } from "./receive-form.ts";

const LONGEST_FIELD = 1_000;

/** Uploads: in pieces that go on after a break (tus), or as one form. */
export async function uploadRoutes(
  app: FastifyInstance,
  services: StorageServices,
  uploads: TusUploads,
): Promise<void> {
  await app.register(multipart, {
    limits: {
      files: 1,
      fileSize: services.settings.maxUploadBytes,
      fields: 10,
      fieldSize: LONGEST_FIELD,
    },
    throwFileSizeLimit: false,
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
      await uploads.handle(request, reply);
    });
  }
}
