import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fence, fencesOf } from "./fences.ts";
import { ROOT } from "./workplace.ts";

/** A block and where it is saved. */
export interface SavedFence extends Fence {
  /** Below the folder of its document. */
  readonly name: string;
}

/** A document and the blocks in it that can be saved or run. */
export interface Example {
  readonly document: string;
  /** Name of the folder of the document's examples. */
  readonly folder: string;
  readonly fences: readonly SavedFence[];
}

/** Documents whose examples are run, by where they stand. */
export const GUIDES: readonly string[] = ["docs/guide/*.md"];
/** The other documents whose examples are run. */
export const READMES: readonly string[] = [
  "README.md",
  "packages/*/README.md",
  "examples/full-server/README.md",
];
/** Sources, for the examples in their comments. */
export const SOURCES: readonly string[] = ["packages/*/src/**/*.ts"];

/** The files that patterns stand for, from the root of the repository. */
export function filesOf(patterns: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort());
}

/** The text of a file of the repository. */
export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The documents among these that have blocks to be saved or run. */
export function examplesIn(patterns: readonly string[]): readonly Example[] {
  return filesOf(patterns)
    .filter((document) => !document.endsWith(".test.ts"))
    .map((document) => {
      const fences = fencesOf(textOf(document))
        .filter(({ language, file }) => file !== undefined || ["ts", "sh"].includes(language))
        .map((fence) => ({ ...fence, name: fence.file ?? `line-${fence.line}.${fence.language}` }));
      const folder = document.replaceAll("/", "_").replace(/\.\w+$/, "");
      return { document, folder, fences };
    })
    .filter(({ fences }) => fences.length > 0);
}
