import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { examplesIn, filesOf, GUIDES, READMES, SOURCES, textOf } from "./examples.ts";
import { anchorsOf, linksOf } from "./fences.ts";
import { MILLRACE, ROOT, runNode, workplaceOf, writeTypeCheck } from "./workplace.ts";

const OTHERS = [
  "CONTRIBUTING.md",
  "SECURITY.md",
  "{bench,examples/*}/README.md",
  "docs/decisions/*.md",
];
const TSC = join(ROOT, "node_modules/@typescript/native/bin/tsc");

describe("documents", () => {
  it("hold examples whose types are right", async () => {
    const place = workplaceOf("types");
    rmSync(place, { recursive: true, force: true });
    for (const { folder, fences } of examplesIn([...READMES, ...GUIDES, ...SOURCES])) {
      mkdirSync(join(place, folder), { recursive: true });
      for (const { language, name, text } of fences) {
        if (language === "ts") writeFileSync(join(place, folder, name), text);
      }
    }
    writeTypeCheck(place);
    // One that is wrong on purpose, so that a check that does not run is seen.
    writeFileSync(join(place, "wrong.ts"), 'export const wrong: number = "text";\n');
    const { output } = await runNode([TSC, "-p", join(place, "tsconfig.json")], ROOT);
    // What is wrong in the packages' own sources is the build's business.
    const ours = output.split("\n").filter((line) => line.startsWith("docs/"));
    const wrong = "docs/.doctest/types/wrong.ts(1,14): error TS2322";
    expect(ours).toEqual([expect.stringContaining(wrong)]);
  }, 60_000);

  it("link to what is there", () => {
    for (const document of filesOf([...READMES, ...GUIDES, ...OTHERS])) {
      const text = textOf(document);
      for (const link of linksOf(text)) {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? document : join(dirname(document), path);
        expect(existsSync(join(ROOT, target)), `${document}: no ${link}`).toBe(true);
        if (anchor === undefined) continue;
        expect(anchorsOf(textOf(target)), `${document}: no heading for ${link}`).toContain(anchor);
      }
    }
  });

  it("name every option of the command, and no other", async () => {
    const readme = textOf("packages/cli/README.md");
    const documented = new Set(
      [...readme.matchAll(/^\| [^|]*?`(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name),
    );
    const known = new Set<string | undefined>();
    for (const command of ["ingest", "inspect", "replay", "dashboards", "serve"]) {
      const { output } = await runNode([MILLRACE, command, "--help"], ROOT);
      for (const [, name] of output.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) known.add(name);
    }
    known.delete("--help");
    expect([...documented].sort()).toEqual([...known].sort());
  });
});
