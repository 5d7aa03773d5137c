/** A value that {@link parsePythonLiteral} reads. */
export type PythonLiteral =
  | string
  | number
  | boolean
  | null
  | readonly PythonLiteral[]
  | ReadonlyMap<string | number, PythonLiteral>;

const MOST_CHARACTERS = 1 << 20;
const MOST_DEPTH = 8;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["True", true],
  ["False", false],
  ["None", null],
  ["true", true],
  ["false", false],
  ["null", null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
]);

/**
 * Reads a literal of Python (or of JSON): dicts, lists, tuples, strings, numbers, `True`, `False`, `None`. This is
 * how exporters write class names and settings into a model. Nothing is evaluated.
 *
 * @param text - untrusted; up to a million characters and 8 levels deep
 * @returns undefined where it is anything else
 */
export function parsePythonLiteral(text: string): PythonLiteral | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const reader = literalReader(text);
  const value = reader.value(0);
  return value !== undefined && reader.atEnd() ? value : undefined;
}

interface LiteralReader {
  value(depth: number): PythonLiteral | undefined;
  atEnd(): boolean;
}

function literalReader(text: string): LiteralReader {
  let at = 0;
  const peek = (): string => {
    while (at < text.length && " \t\r\n".includes(text[at] as string)) at += 1;
    return text[at] ?? "";
  };
  const take = (character: string): boolean => {
    if (peek() !== character) return false;
    at += 1;
    return true;
  };
  const quoted = (): string | undefined => {
    const quote = text[at++];
    let result = "";
    while (at < text.length) {
      const character = text[at++] as string;
      if (character === quote) return result;
      if (character !== "\\") {
        result += character;
        continue;
      }
      const escaped = text[at++] ?? "";
      const digits = escaped === "x" ? 2 : escaped === "u" ? 4 : 0;
      const code = text.slice(at, at + digits);
      if (digits > 0 && /^[\da-fA-F]+$/.test(code) && code.length === digits) {
        result += String.fromCharCode(Number.parseInt(code, 16));
        at += digits;
      } else {
        result += ESCAPES.get(escaped) ?? escaped;
      }
    }
    return undefined;
  };
  const plain = (): number | boolean | null | undefined => {
    NUMBER.lastIndex = at;
    const number = NUMBER.exec(text)?.[0];
    if (number !== undefined) {
      at += number.length;
      return Number(number);
    }
    const word = /^[A-Za-z]+/.exec(text.slice(at, at + 8))?.[0] ?? "";
    at += word.length;
    return WORDS.get(word);
  };
  /** The elements up to `end`, each read by `element`; undefined where one cannot be. */
  const elements = <T>(end: string, element: () => T | undefined): T[] | undefined => {
    at += 1;
    const found: T[] = [];
    while (!take(end)) {
      const next = element();
      if (next === undefined) return undefined;
      found.push(next);
      if (!take(",") && peek() !== end) return undefined;
    }
    return found;
  };
  const value = (depth: number): PythonLiteral | undefined => {
    if (depth > MOST_DEPTH) return undefined;
    switch (peek()) {
      case "[":
        return elements("]", () => value(depth + 1));
      case "(":
        return elements(")", () => value(depth + 1));
      case "{": {
        const entries = elements("}", (): [string | number, PythonLiteral] | undefined => {
          const key = value(depth + 1);
          if ((typeof key !== "string" && typeof key !== "number") || !take(":")) return undefined;
          const item = value(depth + 1);
          return item === undefined ? undefined : [key, item];
        });
        return entries && new Map(entries);
      }
      case "'":
      case '"':
        return quoted();
      default:
        return plain();
    }
  };
  return { value, atEnd: () => peek() === "" };
}
