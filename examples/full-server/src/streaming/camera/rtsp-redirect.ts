const MARK = "RTSP/";
/** First lines of answers are shorter; of longer ones readers drop the end, and with it what would make a number another. */
const LONGEST_LINE = 512;
/** A first line of an answer, as loosely as readers take it, and the number in it. */
const STATUS = /^RTSP\/[^ \t\n]*[ \t][ \t\v\f]*([+-]?\d+)/;
/** Longer ones begin anew somewhere, or are cut off. */
const MOST_DIGITS = 9;

/**
 * Makes something that looks at what a camera sends, piece by piece, and says when it sends its reader elsewhere. It
 * looks at pictures, too, in which those letters are not to be expected: so no way of hiding an answer among them helps.
 */
export function createRedirectWatch(): (bytes: Buffer) => boolean {
  let rest = "";
  return (bytes) => {
    // Readers leave these out wherever they stand.
    const all = rest + bytes.toString("latin1").replaceAll("\r", "");
    // What may be the beginning of a mark, or of a line that goes on in the next piece.
    let kept = Math.max(0, all.length - MARK.length + 1);
    for (let at = all.indexOf(MARK); at >= 0; at = all.indexOf(MARK, at + 1)) {
      const line = all.slice(at, at + LONGEST_LINE);
      const end = line.indexOf("\n");
      if (end >= 0 ? isRedirect(line.slice(0, end)) : line.length === LONGEST_LINE) return true;
      if (end < 0) kept = Math.min(kept, at);
    }
    rest = all.slice(kept);
    return false;
  };
}

function isRedirect(line: string): boolean {
  const status = STATUS.exec(line)?.[1] ?? "";
  return status.length > MOST_DIGITS || (Number(status) >= 300 && Number(status) < 400);
}
