import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import { linkTarget } from "../link-target.ts";
import { checkRemote, isRemote } from "./remote-input.ts";

/**
 * What is at a path; for whoever checks inputs before a run that will take hours. Of a URL only the
 * spelling is checked.
 *
 * @returns undefined for `https://…`, `http://…` and `s3://…`
 * @throws MillraceError NOT_FOUND saying what is missing: the file, or what a link leads to
 * @throws MillraceError INVALID_OPTION for a URL that names no archive, or is of another scheme
 */
export async function findInput(path: string): Promise<Stats | undefined> {
  if (isRemote(path)) {
    checkRemote(path);
    return undefined;
  }
  return await findFile(path);
}

/** What is at a path on this machine. */
export async function findFile(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw new MillraceError("NOT_FOUND", await whyMissing(path, cause), { cause });
  }
}

/** Size of a file for progress; 0 for a folder, which says it once it is listed, and for what is gone. */
export async function storedSize(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats.size : 0;
}

async function whyMissing(path: string, cause: unknown): Promise<string> {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ELOOP") return `${path} is a link that leads in a circle.`;
  if (code !== "ENOENT") return `${path} cannot be read: ${message}.`;
  const target = await linkTarget(path);
  if (target === undefined) return `${path} does not exist.`;
  return `${path} is a link to ${target}, which does not exist.`;
}
