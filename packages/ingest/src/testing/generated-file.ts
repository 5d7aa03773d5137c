import type { ResolvedArchiveSpec } from "./archive-spec.ts";
import { blockHead, datHeader, mapText, rowBytes } from "./dat-file.ts";
import type { FaultKind, FileOutcome } from "./faults.ts";
import type { BlockPlan, DatPlan, FilePlan } from "./file-plan.ts";
import { truthSamples } from "./file-plan.ts";
import { sampleMatrix } from "./sample-matrix.ts";
import { tarGzip } from "./tar-gzip.ts";
import { seriesOf, type TruthSeries } from "./truth.ts";

/** One file of a generated archive. */
export interface GeneratedFile {
  /** Path inside the archive, `2025-10-20/PerfData_….tgz`. */
  readonly path: string;
  /** The file. Built at the first access and kept as long as this object. */
  readonly bytes: Uint8Array;
  readonly outcome: FileOutcome;
  /** Set when the file is damaged or odd, or was added by a fault. */
  readonly fault?: FaultKind;
  /** Samples that must be delivered. */
  readonly samples: number;
  /** End of the period. */
  readonly modifiedMs: number;
  /** What must be delivered, series by series in the order of columns; empty for no delivery. */
  truth(): Iterable<TruthSeries>;
}

/** The file that a plan describes; nothing is built yet. */
export function generatedFile(spec: ResolvedArchiveSpec, plan: FilePlan): GeneratedFile {
  let built: Uint8Array | undefined;
  return {
    path: plan.path,
    get bytes(): Uint8Array {
      built ??= buildFile(spec, plan);
      return built;
    },
    outcome: plan.outcome,
    ...(plan.fault === undefined ? {} : { fault: plan.fault }),
    samples: truthSamples(plan),
    modifiedMs: plan.endSeconds * 1000,
    *truth() {
      if (plan.outcome === "failed" || plan.outcome === "skipped") return;
      yield* seriesOf(
        plan.serial,
        spec.intervalSeconds,
        plan.dats
          .flatMap((dat) => dat.blocks)
          .filter((block) => block.truthRows > 0)
          .map((block) => ({ ...block, values: valuesOf(spec, plan, block) })),
      );
    },
  };
}

function buildFile(spec: ResolvedArchiveSpec, plan: FilePlan): Uint8Array {
  const members = plan.dats.map((dat) => ({
    name: dat.memberName,
    bytes: buildDat(spec, plan, dat),
  }));
  const bytes = tarGzip(members, plan.endSeconds);
  return plan.damage === undefined ? bytes : plan.damage(bytes);
}

function buildDat(spec: ResolvedArchiveSpec, plan: FilePlan, dat: DatPlan): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const block of dat.blocks) {
    const map = mapText(
      {
        startSeconds: block.startSeconds,
        endSeconds: block.endSeconds,
        intervalSeconds: block.archiveSeconds,
        controller: plan.controller,
        layout: block.layout,
      },
      plan.style,
    );
    parts.push(blockHead(block.brokenMap ? map.slice(0, -2) : map, block.length));
    const rows = rowBytes(valuesOf(spec, plan, block));
    parts.push(block.rowBytes === undefined ? rows : rows.subarray(0, block.rowBytes));
  }
  if (dat.tail !== undefined) parts.push(dat.tail);
  const dataLength = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.concat([
    datHeader(plan.serial, plan.model, dataLength, plan.utf8Header),
    ...parts,
  ]);
  return dat.sizeBytes === undefined ? bytes : bytes.subarray(0, dat.sizeBytes);
}

function valuesOf(spec: ResolvedArchiveSpec, plan: FilePlan, block: BlockPlan): Int32Array {
  return sampleMatrix({
    layout: block.layout,
    startSeconds: block.startSeconds,
    intervalSeconds: spec.intervalSeconds,
    rows: block.rows,
    noiseSeed: plan.noiseSeed,
    extremes: plan.extremes,
  });
}
