// An archive into VictoriaMetrics, or into a report where there is none: everything on one screen.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { SeriesBatch, Sink } from "@millrace/core";
import { collectReport, ingest } from "@millrace/ingest";
import { htmlReport } from "@millrace/ingest/html-report";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { victoriaMetrics } from "@millrace/vm-sink";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { distinctUntilChanged, map } from "rxjs";

const folder = await mkdtemp(join(tmpdir(), "quick-ingest-"));
await using cleanUp = new AsyncDisposableStack();
cleanUp.defer(() => rm(folder, { recursive: true }));

let archive = process.argv[2];
if (archive === undefined) {
  archive = join(folder, "generated.zip");
  const { samples } = await writeZip(generateArchive({ filesPerController: 4 }), archive);
  console.log(`No path given, so here is an archive of ${samples.toLocaleString("en")} samples.`);
}

const page = resolve("quick-ingest-report.html");
const url = await databaseUrl();
const sink: Sink<SeriesBatch, unknown> = url
  ? victoriaMetrics({ url })
  : htmlReport({ path: page });
const run = ingest(archive).to(sink);
const reporting = collectReport(run);
run.progress$
  .pipe(
    map(({ bytes }) => Math.floor((10 * bytes.read) / (bytes.total || 1)) * 10),
    distinctUntilChanged(),
  )
  .subscribe((percent) => console.log(`${percent} %`));

await run.result;
const { files, samples, series, elapsedMs } = await reporting;
console.log(`${files.ok} of ${files.total} files, ${series} series`);
console.log(`${samples.accepted} samples in ${Math.round(elapsedMs)} ms, into ${url ?? page}`);

/** The database at MILLRACE_VM_URL, one of our own where the program is installed, or none. */
async function databaseUrl(): Promise<string | undefined> {
  const wanted = process.env["MILLRACE_VM_URL"];
  if (
    wanted &&
    (await fetch(`${wanted}/health`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    return wanted;
  if (wanted) console.log("Nothing answers at MILLRACE_VM_URL.");
  if (!(await findVictoriaMetrics(process.env["PATH"]))) return undefined;
  return cleanUp.use(await startVictoriaMetrics({ path: process.env["PATH"] ?? "" })).url;
}
