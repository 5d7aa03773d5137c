import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/core";
import type { ObjectBody } from "@millrace/core/objects";
import { type Inspection, inspect } from "@millrace/ingest";
import { archiveName } from "./archive-name.ts";
import { type JobView, viewOf } from "./job-views.ts";
import { ARCHIVE_LIMITS } from "./load/archive-limits.ts";
import { addLoad, type LoadPayload, TARGETS, type Target } from "./load/load-job.ts";
import type { StorageServices } from "./services.ts";
import { type ShownArchive, shownError, shownText } from "./shown-name.ts";

/** What the caller says of an upload. */
export interface UploadAbout {
  /** A new one at random where there is none yet. */
  readonly id?: string;
  readonly filename: string;
  /** A form may name it behind its file: then it is asked for when the file is kept. */
  readonly target: Target | (() => Promise<Target>);
  readonly source: LoadPayload["source"];
  /** Undefined while nobody knows. */
  readonly sizeBytes?: number;
}

/** What archives may be called; the reader looks at their bytes. */
const ENDINGS = /\.(?:zip|7z|tgz|tar\.gz|dat)$/i;
/** Enough to know the serial numbers, and that there is something to load. */
const HEADS = 16;

/**
 * The name and target of an upload, checked before its first byte.
 *
 * @throws MillraceError UNSUPPORTED for another kind of file; INVALID_OPTION for another target
 */
export function checkUpload(
  filename: string | undefined,
  target: string | undefined,
): { readonly filename: string; readonly target: Target } {
  return { filename: checkName(filename), target: checkTarget(target) };
}

/** @throws MillraceError UNSUPPORTED for another kind of file */
export function checkName(filename: string | undefined): string {
  const name = archiveName(filename ?? "");
  if (ENDINGS.test(name)) return name;
  throw new MillraceError(
    "UNSUPPORTED",
    `${name || "A file without a name"} is no archive: upload a .zip, .7z or .tgz.`,
  );
}

/** @throws MillraceError INVALID_OPTION for a target that there is not */
export function checkTarget(target: string | undefined): Target {
  const wanted = target === undefined || target === "" ? "grafana" : target;
  const known = TARGETS.find((one) => one === wanted);
  if (known !== undefined) return known;
  throw new MillraceError(
    "INVALID_OPTION",
    `There is no target "${archiveName(wanted)}"; give ${TARGETS.join(", ")}.`,
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
  const { id = randomUUID(), filename, source } = about;
  const before = await queue.get(id);
  if (before !== undefined) return viewOf(before);
  // The ending says what it is; the rest of the name is the user's and may be anything.
  const key = `uploads/${id}/archive${ENDINGS.exec(filename)?.[0].toLowerCase()}`;
  const stored = await objects.put(key, body, {
    ...(about.sizeBytes === undefined ? {} : { sizeBytes: about.sizeBytes }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const { dataFolder } = services.settings;
    const archive = { path: services.inputOf(key), name: filename, dataFolder };
    const serials = await serialsIn(archive, signal);
    const target = typeof about.target === "function" ? await about.target() : about.target;
    const { sizeBytes } = stored;
    return viewOf(await addLoad(queue, id, { filename, target, key, sizeBytes, source, serials }));
  } catch (error) {
    await objects.delete(key);
    throw error;
  }
}

/** @throws MillraceError CORRUPT_INPUT when there is no performance data */
async function serialsIn(
  archive: ShownArchive,
  signal: AbortSignal | undefined,
): Promise<readonly string[] & string[]> {
  let found: Inspection;
  try {
    found = await inspect(archive.path, {
      maxHeaders: HEADS,
      limits: ARCHIVE_LIMITS,
      ...(signal && { signal }),
    });
  } catch (error) {
    throw shownError(error, archive);
  }
  if (found.arrays.length > 0) return found.arrays.map(({ serial }) => serial);
  const [first] = [...found.files.failed, ...found.files.partial];
  const why = first === undefined ? "" : ` ${first.problem}`;
  throw new MillraceError(
    "CORRUPT_INPUT",
    `${archive.name} holds no performance data of an array.${shownText(why, archive)}`,
  );
}
