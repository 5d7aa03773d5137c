import { redactUrl } from "@millrace/core";

const SHORT_WORD = /^[\p{L}\p{N}]{1,5}$/u;
const ADDRESS = /[a-z][a-z\d+.-]*:\/\/[^\s"<>]+/gi;

/**
 * A text without what is secret in the address of a camera, however it is spelled: user, password, and the values of
 * its query. Those of other addresses in it go, too.
 */
export function withoutSecrets(text: string, url: URL): string {
  const { username, password } = url;
  const spelled = [username, password, ...url.searchParams.values()].flatMap(spellings);
  const pair = `${plain(username)}:${plain(password)}`;
  const secrets = [...spelled, ...(password === "" ? [] : [pair, btoa(toBytes(pair))])];
  let said = text.replaceAll(String(url), redactUrl(url)).replaceAll(ADDRESS, redactAddress);
  for (const secret of secrets.toSorted((one, other) => other.length - one.length)) {
    said = without(said, secret);
  }
  return said;
}

/** Short ones are looked for as words, or there would be holes in all others. */
function without(text: string, secret: string): string {
  if (secret === "") return text;
  if (!SHORT_WORD.test(secret)) return text.replaceAll(secret, "***");
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${secret}(?![\\p{L}\\p{N}])`, "gu"), "***");
}

/** Marks of a sentence are no part of an address. */
function redactAddress(text: string): string {
  const [end = ""] = /['.,;:)]*$/.exec(text) ?? [];
  return redactUrl(text.slice(0, text.length - end.length)) + end;
}

function spellings(text: string): readonly string[] {
  return [text, plain(text), encodeURIComponent(plain(text))];
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
