import type { IncomingHttpHeaders } from "node:http";
import { MillraceError } from "@millrace/core";

/** Which pages may use an address, as requests say it. */
export interface PageOrigins {
  /** Why a request is not answered; undefined where it may be. */
  refusalOf(headers: IncomingHttpHeaders): MillraceError | undefined;
  /** What lets the page of a request read its answer: nothing, where it is of this host or of none. */
  permissionFor(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
}

/** A scheme and a host; browsers say neither a path nor a slash behind it. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@,]+$/;

/**
 * Makes the rule of one publication.
 *
 * @param whose - stands in the message, such as `"mjpeg"`
 * @param allowed - origins beside that of the host that is asked, or `"*"` for all
 * @throws MillraceError INVALID_OPTION for what is no origin
 */
export function pageOrigins(whose: string, allowed: readonly string[] | "*" = []): PageOrigins {
  check(whose, allowed);
  const named = allowed === "*" ? new Set<string>() : new Set(allowed);
  return {
    refusalOf({ origin, host }) {
      if (origin === undefined || allowed === "*" || named.has(origin)) return undefined;
      if (URL.canParse(origin) && new URL(origin).host === host) return undefined;
      return new MillraceError(
        "INVALID_OPTION",
        `Pages of ${origin.slice(0, 100)} may not come here: allowedOrigins does not name it, and it is not of this host.`,
      );
    },
    permissionFor({ origin }) {
      if (allowed === "*") return { "access-control-allow-origin": "*" };
      if (named.size === 0) return {};
      // Said to all, or what keeps answers would give that of one page to another.
      const vary = { vary: "Origin" };
      if (origin === undefined || !named.has(origin)) return vary;
      return { ...vary, "access-control-allow-origin": origin };
    },
  };
}

function check(whose: string, allowed: readonly string[] | "*"): void {
  if (allowed === "*") return;
  const wrong = Array.isArray(allowed) ? allowed.find((one) => !isOrigin(one)) : allowed;
  if (wrong === undefined) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `${whose}: allowedOrigins holds ${JSON.stringify(wrong)}; give a list of origins such as "https://example.org", or "*" by itself for all.`,
  );
}

/** As browsers say it: in small letters, and without the usual port. Another spelling would never be met. */
function isOrigin(text: string): boolean {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === text || origin === "null";
}
