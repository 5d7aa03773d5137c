import { basename } from "node:path";

/** File systems take 255 bytes; outputs have longer endings than archives, and names of their own while they grow. */
const MOST_BYTES = 180;
/** Characters that nobody sees: control, and those that turn the direction of what follows (`a\u202egpj.zip`). */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** What an archive is called, from what a caller said: for people, never a path, and short enough for a file. */
export function archiveName(given: string): string {
  const name = basename(given.replaceAll("\\", "/")).replace(UNSEEN, "").toWellFormed();
  // The end says what it is.
  let end = "";
  let bytes = 0;
  for (const character of [...name].reverse()) {
    bytes += Buffer.byteLength(character);
    if (bytes > MOST_BYTES) break;
    end = character + end;
  }
  return end;
}
