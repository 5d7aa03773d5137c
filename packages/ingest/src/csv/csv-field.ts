const SPECIAL = { ",": /[",\r\n]/, ";": /[";\r\n]/ };

/**
 * A field as it stands in a file: in quotes where it holds the separator, a quote or a line break, with
 * quotes in it doubled (RFC 4180).
 */
export function csvField(text: string, separator: "," | ";"): string {
  return SPECIAL[separator].test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
