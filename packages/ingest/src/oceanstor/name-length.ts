import { MillraceError } from "@millrace/core";

/** Of UTF-8. Arrays let a name have 255 characters; this is four times what those can take. */
const LONGEST_NAME_BYTES = 4_096;

/**
 * Refuses a text that is too long for a label: a database would drop its series, or refuse the whole load.
 *
 * @param what - whose name it is, in words
 * @throws MillraceError CORRUPT_INPUT saying how long it is
 */
export function checkName(what: string, name: string): void {
  // A UTF-16 unit takes at most three bytes, so short names need no exact count.
  if (name.length * 3 <= LONGEST_NAME_BYTES) return;
  const bytes = Buffer.byteLength(name);
  if (bytes <= LONGEST_NAME_BYTES) return;
  throw new MillraceError(
    "CORRUPT_INPUT",
    `${what} has a name of ${bytes} bytes, which begins "${name.slice(0, 40)}"; real ones take at most ${LONGEST_NAME_BYTES}.`,
  );
}
