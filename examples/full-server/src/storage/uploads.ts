import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { MillraceError } from "@millrace/core";
import type { ObjectBody } from "@millrace/core/objects";
import { type Inspection, inspect } from "@millrace/ingest";
import { type JobView, viewOf } from "./job-views.ts";
import { addLoad, type LoadPayload, TARGETS, type Target } from "./load/load-job.ts";
import type { StorageServices } from "./services.ts";
import { shownError } from "./shown-name.ts";

/** What the caller says of an upload. */
export interface UploadAbout {
  /** A new one at random where there is none yet. */
  readonly id?: string;
  readonly filename: string;
  readonly target: Target;
  readonly source: LoadPayload["source"];
  /** Undefined while nobody knows. */
  readonly sizeBytes?: number;
}

/** What archives may be called; the reader looks at their bytes. */
const ENDINGS = /\.(?:zip|7z|tgz|tar\.gz|dat)$/i;
/** Enough to know the serial numbers, and that there is something to load. */
const HEADS = 16;
const LONGEST_NAME = 200;

/**
 * The name and target of an upload, checked before its first byte.
 *
 * @throws MillraceError UNSUPPORTED for another kind of file; INVALID_OPTION for another target
 */
export function checkUpload(
  filename: string | undefined,
  target: string | undefined,
): Pick<UploadAbout, "filename" | "target"> {
  // A name is for people; as a path it is never used, whatever is in it.
  const name = basename((filename ?? "").replaceAll("\\", "/"))
    .replace(/\p{Cc}/gu, "")
    .slice(-LONGEST_NAME);
  if (name === "" || !ENDINGS.test(name)) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${name || "A file without a name"} is no archive: upload a .zip, .7z or .tgz.`,
    );
  }
  const wanted = target === undefined || target === "" ? "grafana" : target;
  const known = TARGETS.find((one) => one === wanted);
  if (known !== undefined) return { filename: name, target: known };
  throw new MillraceError(
    "INVALID_OPTION",
    `There is no target "${wanted}"; give ${TARGETS.join(", ")}.`,
  );
}

/**
 * Keeps the bytes of an upload, looks into them, and adds the load. With an id that was finished before nothing
 * happens twice.
 *
 * @throws MillraceError CORRUPT_INPUT when there is nothing to load in it
 */
export async function finishUpload(
  about: UploadAbout,
  body: ObjectBody,
  services: StorageServices,
  signal?: AbortSignal,
): Promise<JobView> {
  const { objects, queue } = services;
  const { id = randomUUID(), filename, target, source } = about;
  const before = await queue.get(id);
  if (before !== undefined) return viewOf(before);
  // The ending says what it is; the rest of the name is the user's and may be anything.
  const key = `uploads/${id}/archive${ENDINGS.exec(filename)?.[0].toLowerCase()}`;
  const stored = await objects.put(key, body, {
    ...(about.sizeBytes === undefined ? {} : { sizeBytes: about.sizeBytes }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const serials = await serialsIn(services.inputOf(key), filename, signal);
    const { sizeBytes } = stored;
    return viewOf(await addLoad(queue, id, { filename, target, key, sizeBytes, source, serials }));
  } catch (error) {
    await objects.delete(key);
    throw error;
  }
}

/** @throws MillraceError CORRUPT_INPUT when there is no performance data */
async function serialsIn(
  input: string,
  filename: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] & string[]> {
  let found: Inspection;
  try {
    found = await inspect(input, { maxHeaders: HEADS, ...(signal && { signal }) });
  } catch (error) {
    throw shownError(error, input, filename);
  }
  if (found.arrays.length > 0) return found.arrays.map(({ serial }) => serial);
  const [first] = [...found.files.failed, ...found.files.partial];
  const why = first === undefined ? "" : ` ${first.problem}`;
  throw new MillraceError(
    "CORRUPT_INPUT",
    `${filename} holds no performance data of an array.${why.replaceAll(input, filename)}`,
  );
}
