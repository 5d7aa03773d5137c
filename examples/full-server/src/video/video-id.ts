import { extname } from "node:path";
import { MillraceError } from "@millrace/core";
import { archiveName } from "../storage/archive-name.ts";

const MOST_LETTERS = 100;

/**
 * What a video goes by in addresses and folders: letters, digits, `-` and `_` of what was given, else of its file's
 * name.
 *
 * @throws MillraceError INVALID_OPTION when nothing is left of it
 */
export function videoId(given: string | undefined, filename: string): string {
  const wanted = given === undefined || given === "" ? stemOf(filename) : given;
  const id = wanted.replace(/[^A-Za-z0-9_-]/g, "").slice(0, MOST_LETTERS);
  if (id !== "") return id;
  throw new MillraceError(
    "INVALID_OPTION",
    "The video needs an id of letters, digits, - and _: send it as the field id, before the file.",
  );
}

/** What a file is called, for people. */
export function videoName(given: string | undefined): string {
  return archiveName(given ?? "") || "video";
}

function stemOf(filename: string): string {
  return filename.slice(0, filename.length - extname(filename).length);
}
