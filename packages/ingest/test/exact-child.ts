/** Loads an archive in a process of its own, whose time zone the caller chose, and prints how it went. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveSpec } from "../src/testing/archive-spec.ts";
import { generateArchive } from "../src/testing/generate-archive.ts";
import { exactRun } from "./exact-run.ts";

const spec = JSON.parse(process.argv[2] ?? "{}") as ArchiveSpec;
const folder = await mkdtemp(join(tmpdir(), "millrace-exact-"));
try {
  const { differences, samples, batches } = await exactRun(generateArchive(spec), folder, "zip");
  const times = batches.flatMap(({ grid }) =>
    "timesMs" in grid ? [...grid.timesMs] : [grid.startMs],
  );
  const [first = 0] = times.sort((a, b) => a - b);
  const last = first + 4 * 3_600_000;
  // Minutes behind UTC at both ends: proof that the zone took effect and its clocks changed.
  const offsets = [first, last].map((timeMs) => new Date(timeMs).getTimezoneOffset());
  process.stdout.write(JSON.stringify({ offsets, differences, samples }));
} finally {
  await rm(folder, { recursive: true });
}
