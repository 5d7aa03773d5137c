/** Whether a text asks for several names: `*` stands for any characters, `?` for one. */
export function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a whole name fits a pattern, or equals it where it is none. */
export function namePattern(
  pattern: string,
  options: { readonly ignoreCase?: boolean } = {},
): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\/]/g, "\\$&")
    // Neighbouring stars mean no more than one, and would take for ever to try.
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, options.ignoreCase ? "isu" : "su");
  return (name) => expression.test(name);
}
