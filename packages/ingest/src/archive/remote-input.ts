import { MillraceError, redactUrl } from "@millrace/core";

/** Whether an input is a URL and no path. */
export function isRemote(input: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(input);
}

/** How messages and reports call an input: a URL without its credentials. */
export function inputName(input: string): string {
  // A key of S3 may hold "?" and "#", and nothing of it is secret.
  if (!isRemote(input) || /^s3:\/\/[^/@]*(\/|$)/i.test(input)) return input;
  return redactUrl(input);
}

/**
 * Checks the spelling of a URL, without asking anybody.
 *
 * @throws MillraceError INVALID_OPTION saying what is wrong
 */
export function checkRemote(input: string): void {
  if (isS3(input)) s3Location(input);
  else if (!/^https?:\/\//i.test(input)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${inputName(input)} is a URL that cannot be read; give http://, https:// or s3://.`,
    );
  } else if (!URL.canParse(input)) {
    throw new MillraceError("INVALID_OPTION", `${inputName(input)} is no URL; check its spelling.`);
  }
}

/** Whether an input is an object or a prefix in S3. */
export function isS3(input: string): boolean {
  return /^s3:\/\//i.test(input);
}

/**
 * The parts of `s3://bucket/key`. A key may hold any character, so nothing of it is decoded.
 *
 * @throws MillraceError INVALID_OPTION when the bucket or the key is missing
 */
export function s3Location(input: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(input) ?? [];
  if (/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(bucket) && (key !== "" || input.endsWith("/"))) {
    return { bucket, key };
  }
  throw new MillraceError(
    "INVALID_OPTION",
    `${inputName(input)} names no object; give s3://bucket/key, or s3://bucket/prefix/ for every archive below it.`,
  );
}
