import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { generateArchive } from "./testing/generate-archive.ts";
import { writeZip } from "./testing/write-archive.ts";

const inFolder = temporaryFolder();

// In a process of its own, because the operating system counts per process.
const LOAD = `
  import { discard } from "@millrace/core";
  import { ingest } from "@millrace/ingest";
  const before = process.resourceUsage().fsWrite;
  const { units } = await ingest(process.argv[1]).to(discard()).result;
  console.log(JSON.stringify({ units, writes: process.resourceUsage().fsWrite - before }));
`;

it("writes nothing to any disk while an archive is read", { timeout: 60_000 }, async () => {
  const path = inFolder("archive.zip");
  const { samples } = await writeZip(generateArchive({ filesPerController: 6 }), path, {
    deflate: true,
  });
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@millrace/source", "--input-type=module", "--eval", LOAD, path],
    { cwd: join(import.meta.dirname, ".."), env: { ...process.env, NODE_NO_WARNINGS: "1" } },
  );
  expect(JSON.parse(stdout)).toEqual({ units: samples, writes: 0 });
});
