import { MillraceError } from "@millrace/core";

/** No line of series is as long: VictoriaMetrics takes none above 100 MB, and a string ends at 512 MB. */
const LONGEST_LINE = 128 * 1024 * 1024;

/**
 * The lines of a text, without their newline. Unlike Node's readline it splits at nothing else: U+2028
 * may stand inside a line of JSON.
 *
 * @param source - where the text comes from, for the message
 * @throws MillraceError LIMIT_EXCEEDED when a line is longer than 128 Mi characters
 */
export async function* splitLines(
  chunks: AsyncIterable<string>,
  source: string,
): AsyncGenerator<string> {
  let begun: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", from)) {
      begun.push(chunk.slice(from, end));
      yield begun.join("");
      begun = [];
      length = 0;
      from = end + 1;
    }
    const rest = chunk.slice(from);
    length += rest.length;
    if (length > LONGEST_LINE) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `A line of ${source} is longer than ${LONGEST_LINE} characters.`,
      );
    }
    if (rest !== "") begun.push(rest);
  }
  if (begun.length > 0) yield begun.join("");
}
