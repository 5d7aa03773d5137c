import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchiveSpec, generateArchive, writeZip } from "@millrace/ingest/testing";
import { afterAll, beforeAll } from "vitest";

/** An archive on the disk. */
export interface TestArchive {
  readonly path: string;
  /** Serial of its one array; no two archives share it. */
  readonly serial: string;
  readonly samples: number;
  readonly files: number;
}

/** A folder for one test file, and archives in it. */
export interface TestFolder {
  path(name?: string): string;
  /** Writes a small archive of an array of its own. */
  archive(name: string, spec?: ArchiveSpec): Promise<TestArchive>;
}

/** Makes a folder that lives as long as the tests of the calling file. */
export function testFolder(): TestFolder {
  let folder = "";
  let archives = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const path = (name = ""): string => join(folder, name);
  return {
    path,
    async archive(name, spec = {}) {
      archives += 1;
      const serial = `2102TEST${String(archives).padStart(4, "0")}`;
      const archive = generateArchive({
        profile: "tiny",
        filesPerController: 4,
        arrays: [{ serial }],
        ...spec,
      });
      const { samples, files } = await writeZip(archive, path(name));
      return { path: path(name), serial, samples, files };
    },
  };
}
