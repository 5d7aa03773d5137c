/**
 * A URL fit for messages and logs: user, password and every query value are replaced by `***`.
 *
 * @example
 * ```ts
 * import { redactUrl } from "@millrace/core";
 * redactUrl("http://me:secret@db:8428/write?token=abc"); // "http://***@db:8428/write?token=***"
 * ```
 */
export function redactUrl(url: string | URL): string {
  const text = String(url);
  // Without `scheme://` nothing says where a secret might end: "me:secret@db" parses as a URL of scheme "me".
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(text) || !URL.canParse(text)) {
    return text.replace(/^.*@/s, "***@").replace(/[?#].*$/s, "?***");
  }
  const parsed = new URL(text);
  const user = parsed.username || parsed.password ? "***@" : "";
  const query = [...parsed.searchParams.keys()].map((key) => `${key}=***`).join("&");
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}${query && `?${query}`}`;
}
