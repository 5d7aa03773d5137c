/** `12.3 M`, `4.5 k`, `17`: three significant digits and a decimal prefix. */
export function short(value: number): string {
  for (const [limit, prefix] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= limit) return `${(value / limit).toPrecision(3)} ${prefix}`;
  }
  return value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0);
}

/** `1,234,567`. */
export function grouped(value: number): string {
  // Not toLocaleString: its first call loads ICU data, which takes longer than a small load.
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `143 MB`, in units of a million bytes; `12 kB` for little. */
export function megabytes(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** `0:07`, `12:34`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `2025-10-20 00:15` in UTC. */
export function minute(ms: number): string {
  if (Number.isNaN(new Date(ms).getTime())) return `${ms} ms`;
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Name and value a line, the values aligned. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Rows with aligned columns, a header first; the first column is text, the others are numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
  return rows.map(line).join("\n");
}

/** Control characters, and the marks that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text from an archive or a server, fit for a terminal: a name must not move the cursor, colour the
 * screen or pretend to be another line.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as JSON that is fit for a terminal, too: JSON itself lets most control characters stand. */
export function jsonText(value: unknown, indent?: number): string {
  const lines = JSON.stringify(value, null, indent).split("\n");
  // Within a line they can only stand in texts, where this is how JSON writes them.
  return lines.map(printable).join("\n");
}
