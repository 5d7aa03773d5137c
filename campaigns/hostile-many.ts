// Reads many hostile inputs in one process, and prints a line of JSON for each: what it was, how its files
// ended, and everything that is not as it should be. Started by hostile.ts, which watches it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeriesBatch } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { ingest, inspect } from "@millrace/ingest";
import { SamplesByOrigin } from "../packages/ingest/test/sample-set.ts";
import { hostileInput } from "./hostile-input.ts";
import { judgeReading, type ReadOrigin } from "./hostile-judge.ts";

const [from = 1, seeds = 1] = process.argv.slice(2).map(Number);
for (let seed = from; seed < from + seeds; seed++) {
  const folder = await mkdtemp(join(tmpdir(), "millrace-hostile-"));
  try {
    // JSON leaves these bare, and readline ends a line at them.
    const line = JSON.stringify({ seed, ...(await readOne(seed, folder)) });
    console.log(line.replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readOne(seed: number, folder: string) {
  const input = await hostileInput(seed, folder);
  const { family, what } = input;
  const reads: ReadOrigin[] = [];
  const delivered = new SamplesByOrigin();
  const differences: string[] = [];
  try {
    const run = ingest(input.path).to(memorySink<SeriesBatch>());
    run.events$.subscribe((event) => {
      if (event.type === "origin-read") reads.push(event);
    });
    for (const batch of await run.result) delivered.add(batch);
    differences.push(...judgeReading(input, reads, delivered));
    // What looking into it says of files may differ; it must only come to an end.
    await inspect(input.path).catch(tellUnclear);
  } catch (error) {
    differences.push(`the run ended: ${String(error)}`);
  }
  for (const { problems } of reads) {
    if (/INTERNAL|undefined|\bat .*:\d+:\d+/.test(problems.join())) tellUnclear(problems.join());
  }
  return { family, what, outcomes: reads.map(({ outcome }) => outcome), differences };

  function tellUnclear(error: unknown): void {
    const { code, message } = Object(error) as { code?: string; message?: string };
    if (code === undefined || code === "INTERNAL" || code.startsWith("E")) {
      differences.push(`unclear: ${code} ${message ?? String(error)}`);
    }
  }
}
