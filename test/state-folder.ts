import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Loads in tests keep their checkpoints in a folder of their own, not in that of whoever runs the tests. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-state-"));
  process.env["XDG_STATE_HOME"] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
