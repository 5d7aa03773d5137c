import { globSync, rmSync } from "node:fs";

for (const path of globSync(["packages/*/dist", ".cache", "docs/.doctest", "coverage"])) {
  rmSync(path, { recursive: true });
}
