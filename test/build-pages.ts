// Global set-up of the examples: their pages as a server sends them. Once for all test files, since each of these serves
// them while others still begin.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { newestMs, root } from "./build-if-stale.ts";

const SERVER = join(root, "examples/full-server");
const ENTRY = join(SERVER, "dist/web/index.html");

/** Builds them when they are older than what they are made of; `npm test` has built them before. */
export default function setup(project: TestProject): void {
  build();
  project.onTestsRerun(async () => build());
}

function build(): void {
  const neededMs = Math.max(
    newestMs("examples/full-server/web/**/*"),
    newestMs("packages/*/src/**/*.{ts,json}"),
    newestMs("pnpm-lock.yaml"),
  );
  if (existsSync(ENTRY) && statSync(ENTRY).mtimeMs >= neededMs) return;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "error"],
    { cwd: SERVER, encoding: "utf8", env: { ...process.env, NODE_ENV: "production" } },
  );
  if (status !== 0) throw new Error(`The pages cannot be built:\n${stderr}`);
}
