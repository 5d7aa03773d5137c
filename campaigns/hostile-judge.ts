import { SampleSet, type SamplesByOrigin } from "../packages/ingest/test/sample-set.ts";
import type { HostileInput } from "./hostile-input.ts";

/** What was said of one file. */
export interface ReadOrigin {
  readonly origin: string;
  readonly outcome: string;
  readonly count: number;
  readonly problems: readonly string[];
}

/**
 * What is wrong with how an input was read, in words: a file called sound whose samples are not those it
 * holds, a file that suffered from another's damage, a loss of which nothing was said.
 */
export function judgeReading(
  input: HostileInput,
  reads: readonly ReadOrigin[],
  delivered: SamplesByOrigin,
): readonly string[] {
  const wrong: string[] = [];
  if (reads.length === 0) wrong.push("nothing was said of any file");
  const everything = new SampleSet();
  for (const { samples } of input.files) everything.addAll(samples);
  const changed = input.files.some(({ isAnother }) => isAnother);
  for (const { origin, outcome, count, problems } of reads) {
    const found = delivered.of(origin);
    if (found.size !== count)
      wrong.push(`${origin}: ${count} samples told, ${found.size} delivered`);
    if ((outcome === "ok") !== (problems.length === 0)) {
      wrong.push(`${origin}: ${outcome} with ${problems.length} problems`);
    }
    const file = input.files.find(({ path }) => origin.endsWith(`!${path}`));
    if (file?.isAnother || (file === undefined && changed)) continue;
    const truth = file?.samples ?? everything;
    for (const alien of truth.lacks(found)) wrong.push(`${origin}: does not hold ${alien}`);
    if (outcome !== "ok" || file === undefined) continue;
    for (const lost of found.lacks(truth)) wrong.push(`${origin}: called ok without ${lost}`);
  }
  const all = new SampleSet();
  for (const origin of delivered.origins) {
    all.addAll(delivered.of(origin));
    const told = reads.some((read) => read.origin === origin);
    if (!told && delivered.of(origin).size > 0) wrong.push(`${origin}: delivered, not told`);
  }
  const isAllWell = reads.every(({ outcome }) => outcome === "ok" || outcome === "skipped");
  if (isAllWell && input.mustFail) wrong.push("read whole, although it is beyond a limit");
  for (const { path, samples, isTouched, isAnother } of input.files) {
    if (isAnother || (isTouched && !isAllWell)) continue;
    if (isTouched) {
      // Under another name, perhaps.
      for (const lost of all.lacks(samples)) wrong.push(`all is well without ${lost} of ${path}`);
      continue;
    }
    const read = reads.find(({ origin }) => origin.endsWith(`!${path}`));
    if (read?.outcome === "ok") continue;
    wrong.push(`${path}: ${read?.outcome ?? "not told"} ${read?.problems.join(" ") ?? ""}`);
  }
  return wrong;
}
