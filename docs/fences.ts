/** A fenced block of a document: three backticks, a language, and perhaps `no-run` and a file's name. */
export interface Fence {
  readonly language: string;
  /** Name under which the block is saved, for blocks that others refer to: ```` ```ts my-sink.ts ````. */
  readonly file: string | undefined;
  /** False for what is only to be read: ```` ```ts no-run ````. */
  readonly run: boolean;
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
}

const FENCE = /^(?: *\* ?)?```(\w+)([^\n]*)\n([\s\S]*?)^(?: *\* ?)?```$/gm;
const DOCUMENT = /^---\n[\s\S]*?\n---\n/;

/** The fenced blocks of a Markdown text, or of the comments in a TypeScript source. */
export function fencesOf(text: string): readonly Fence[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [whole, language = "", info = "", body = ""] = match;
    const words = info.trim().split(/\s+/);
    const inComment = /^ *\*/.test(whole);
    return {
      language,
      file: words.find((word) => /^[\w./-]+\.\w+$/.test(word)),
      run: !words.includes("no-run"),
      text: inComment ? body.replace(/^ *\* ?/gm, "") : body,
      line: text.slice(0, match.index).split("\n").length,
    };
  });
}

/** The targets of the links and pictures of a Markdown text that lead to files. */
export function linksOf(text: string): readonly string[] {
  const prose = text
    .replace(DOCUMENT, "")
    .replace(FENCE, "")
    .replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a Markdown text's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(FENCE, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

/** A command as it stands in a `sh` block, and how it should end. */
export interface DocumentedCommand {
  readonly args: readonly string[];
  /** From a comment behind it, `# exit code 1`; otherwise 0. */
  readonly exitCode: number;
}

/** The `millrace` commands of a `sh` block; its other lines are none of our business. */
export function commandsOf(text: string): readonly DocumentedCommand[] {
  const lines = text.replace(/\\\n/g, " ").split("\n");
  return lines.flatMap((line) => {
    const [, rest] = /^(?:npx )?millrace (.*)$/.exec(line.trim()) ?? [];
    if (rest === undefined) return [];
    const [typed = "", comment = ""] = rest.split(/\s#\s/);
    const args = typed.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
    return {
      args: args.map((arg) => arg.replace(/^(["'])(.*)\1$/, "$2")),
      exitCode: Number(/exit code (\d+)/.exec(comment)?.[1] ?? 0),
    };
  });
}
