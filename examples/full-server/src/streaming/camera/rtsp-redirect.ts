const MARK = Buffer.from("RTSP/");
/** Longer than a line that a reader of RTSP takes. */
const LONGEST_LINE = 8_192;
/** A first line of an answer, as loosely as readers take it: its status begins with 3. */
const REDIRECT = /^RTSP\/[^\s]*[ \t]+[+0]*3\d\d(?!\d)/;

/**
 * Makes something that looks at what a camera sends, piece by piece, and says when it sends its reader elsewhere. It
 * looks at pictures, too, in which those letters are not to be expected: so no way of hiding an answer among them helps.
 */
export function createRedirectWatch(): (bytes: Buffer) => boolean {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    // What may be the beginning of a mark, or of a line that goes on in the next piece.
    let kept = Math.max(0, all.length - MARK.length + 1);
    for (let at = all.indexOf(MARK); at >= 0; at = all.indexOf(MARK, at + 1)) {
      const line = all.toString("latin1", at, at + LONGEST_LINE);
      if (REDIRECT.test(line)) return true;
      const isWhole = /[\r\n]/.test(line) || line.length === LONGEST_LINE;
      if (!isWhole) kept = Math.min(kept, at);
    }
    rest = Buffer.from(all.subarray(kept));
    return false;
  };
}
