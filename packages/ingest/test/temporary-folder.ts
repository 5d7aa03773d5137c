import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** A folder that lives as long as the tests of the calling file; gives paths inside it. */
export function temporaryFolder(): (name: string) => string {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-ingest-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return (name) => join(folder, name);
}
