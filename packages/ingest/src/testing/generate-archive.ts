import { applyFault } from "./apply-fault.ts";
import { type ArchiveSpec, type ResolvedArchiveSpec, resolveSpec } from "./archive-spec.ts";
import type { FaultKind, FileOutcome } from "./faults.ts";
import { type FilePlan, planFile, truthSamples } from "./file-plan.ts";
import { type GeneratedFile, generatedFile } from "./generated-file.ts";
import { arrayOf, type Layout, layoutOf } from "./layout.ts";

/** Counts of an archive, known without building a file. */
export interface ArchiveTotals {
  /** Files of the archive, added ones (`macosx`, `duplicate-copy`) included. */
  readonly files: number;
  /** Samples that must be delivered. */
  readonly samples: number;
  /** Distinct series of sound files, all arrays and controllers together. */
  readonly series: number;
  /** Series in the sound files of each controller, in generation order within a period. */
  readonly seriesPerFile: readonly number[];
  /** Files by the outcome due to them. */
  readonly outcomes: Readonly<Record<FileOutcome, number>>;
  readonly filesPerController: number;
}

/** An archive that is built while it is read. */
export interface GeneratedArchive {
  readonly spec: ArchiveSpec;
  readonly totals: ArchiveTotals;
  /**
   * The files in time order; within a period array by array, controller by controller. Each file is
   * built when its `bytes` are asked for. Every call starts anew and yields the same.
   */
  files(): Iterable<GeneratedFile>;
}

/**
 * Makes an OceanStor performance archive in the vendor's byte format, the same for the same
 * specification. It knows what each file must deliver and shares no code with any parser.
 *
 * @throws RangeError when the specification is impossible, e.g. a fault for a file that is not there.
 * @example
 * ```ts
 * import { generateArchive } from "@millrace/ingest/testing";
 *
 * const archive = generateArchive({ profile: "tiny", filesPerController: 2 });
 * for (const file of archive.files()) console.log(file.path, file.bytes.length, file.outcome);
 * ```
 */
export function generateArchive(spec: ArchiveSpec = {}): GeneratedArchive {
  const resolved = resolveSpec(spec);
  const layouts = resolved.arrays.map(({ controllers }, array) =>
    Array.from({ length: controllers }, (_, controller) => layoutOf(resolved, array, controller)),
  );
  const seriesPerFile = layouts.flat().map((layout) => layout.width);
  const filesPerController = resolved.filesPerController ?? filesFor(resolved, seriesPerFile);
  const faults = placeFaults(resolved, seriesPerFile.length * filesPerController);
  const plans = (): Generator<FilePlan> => plansOf(resolved, layouts, filesPerController, faults);
  return {
    spec,
    totals: totalsOf(resolved, plans(), seriesPerFile, filesPerController),
    *files() {
      for (const plan of plans()) yield generatedFile(resolved, plan);
    },
  };
}

function* plansOf(
  spec: ResolvedArchiveSpec,
  layouts: readonly (readonly Layout[])[],
  filesPerController: number,
  faults: ReadonlyMap<number, FaultKind>,
): Generator<FilePlan> {
  let file = 0;
  for (let period = 0; period < filesPerController; period++) {
    for (const [array, controllers] of layouts.entries()) {
      for (const [controller, layout] of controllers.entries()) {
        const plan = planFile(spec, layout, array, controller, period);
        const fault = faults.get(file++);
        if (fault === undefined) yield plan;
        else yield* applyFault(spec, plan, fault);
      }
    }
  }
}

function filesFor(spec: ResolvedArchiveSpec, seriesPerFile: readonly number[]): number {
  const perPeriod = spec.rowsPerFile * seriesPerFile.reduce((sum, series) => sum + series, 0);
  return Math.max(1, Math.ceil((spec.targetSamples ?? 0) / perPeriod));
}

function placeFaults(spec: ResolvedArchiveSpec, files: number): ReadonlyMap<number, FaultKind> {
  const placed = new Map<number, FaultKind>();
  for (const [position, { kind, file = position }] of spec.faults.entries()) {
    if (!Number.isInteger(file) || file < 0 || file >= files) {
      throw new RangeError(`faults: ${kind} wants file ${file}, the archive has ${files}`);
    }
    const taken = placed.get(file);
    if (taken !== undefined) {
      throw new RangeError(`faults: file ${file} has ${taken} already and cannot take ${kind}`);
    }
    placed.set(file, kind);
  }
  return placed;
}

function totalsOf(
  spec: ResolvedArchiveSpec,
  plans: Iterable<FilePlan>,
  seriesPerFile: readonly number[],
  filesPerController: number,
): ArchiveTotals {
  const outcomes: Record<FileOutcome, number> = { ok: 0, partial: 0, failed: 0, skipped: 0 };
  let files = 0;
  let samples = 0;
  for (const plan of plans) {
    files += 1;
    samples += truthSamples(plan);
    outcomes[plan.outcome] += 1;
  }
  const series = spec.overlappingControllers
    ? firstControllers(spec).reduce((sum, index) => sum + (seriesPerFile[index] as number), 0)
    : seriesPerFile.reduce((sum, count) => sum + count, 0);
  return { files, samples, series, seriesPerFile, outcomes, filesPerController };
}

/** Where the first controller of each array stands in generation order. */
function firstControllers(spec: ResolvedArchiveSpec): readonly number[] {
  let next = 0;
  return spec.arrays.map((_, array) => {
    const index = next;
    next += arrayOf(spec, array).controllers;
    return index;
  });
}
