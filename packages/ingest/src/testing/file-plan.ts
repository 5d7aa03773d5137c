import type { ResolvedArchiveSpec } from "./archive-spec.ts";
import { type MapStyle, usualStyle } from "./dat-file.ts";
import type { FaultKind, FileOutcome } from "./faults.ts";
import { arrayOf, type Layout } from "./layout.ts";
import { hashOf } from "./random.ts";

/** One block as it is to be written, and how much of it counts. */
export interface BlockPlan {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** What `Archive` says; the samples are always one `intervalSeconds` of the archive apart. */
  readonly archiveSeconds: number;
  readonly layout: Layout;
  /** Rows of samples that are made for it. */
  readonly rows: number;
  /** Rows that must be delivered. */
  readonly truthRows: number;
  /** Bytes of the rows that are written. Default: all. */
  readonly rowBytes?: number;
  /** Declared length instead of the true one. */
  readonly length?: number;
  /** True: the map is cut short, so that it is no JSON. */
  readonly brokenMap?: boolean;
}

/** One `.dat`. */
export interface DatPlan {
  readonly memberName: string;
  readonly blocks: readonly BlockPlan[];
  /** Bytes behind the last block. */
  readonly tail?: Uint8Array;
  /** Cut to this size. */
  readonly sizeBytes?: number;
}

/** One file of the archive: how to write it and what it must deliver. */
export interface FilePlan {
  readonly path: string;
  readonly serial: string;
  readonly model: string;
  readonly controller: number;
  readonly endSeconds: number;
  readonly noiseSeed: number;
  readonly dats: readonly DatPlan[];
  readonly style: MapStyle;
  readonly outcome: FileOutcome;
  readonly fault?: FaultKind;
  readonly utf8Header: boolean;
  readonly extremes: boolean;
  /** Changes the finished `.tgz`. */
  readonly damage?: (bytes: Uint8Array) => Uint8Array;
}

// Stamps in file names are array-local time. This offset makes a reader that trusts them visibly wrong.
const stampOffsetSeconds = 3 * 3600;

/** The plan of the sound file of one controller and period. */
export function planFile(
  spec: ResolvedArchiveSpec,
  layout: Layout,
  array: number,
  controller: number,
  period: number,
): FilePlan {
  const { serial, model } = arrayOf(spec, array);
  const startSeconds = spec.startSeconds + period * spec.rowsPerFile * spec.intervalSeconds;
  const endSeconds = startSeconds + spec.rowsPerFile * spec.intervalSeconds;
  const local = new Date((endSeconds + stampOffsetSeconds) * 1000).toISOString();
  const stamp = local.slice(0, 19).replace(/\D/g, "");
  const stem = `PerfData_${model}_SN_${serial}_SP${controller}_${period}_${stamp}`;
  return {
    path: `${local.slice(0, 10)}/${stem}.tgz`,
    serial,
    model,
    controller,
    endSeconds,
    noiseSeed: hashOf(spec.seed, serial, "controller", controller),
    dats: [
      {
        memberName: `${stem}.dat`,
        blocks: planBlocks(
          layout,
          startSeconds,
          spec.intervalSeconds,
          spec.rowsPerFile,
          spec.blocksPerFile,
        ),
      },
    ],
    style: usualStyle,
    outcome: "ok",
    utf8Header: true,
    extremes: false,
  };
}

/** Blocks that cover `rows` collection times without a gap. */
function planBlocks(
  layout: Layout,
  startSeconds: number,
  intervalSeconds: number,
  rows: number,
  blocks: number,
): readonly BlockPlan[] {
  return Array.from({ length: blocks }, (_, index) => {
    const first = Math.floor((rows * index) / blocks);
    const end = Math.floor((rows * (index + 1)) / blocks);
    return {
      startSeconds: startSeconds + first * intervalSeconds,
      endSeconds: startSeconds + end * intervalSeconds,
      archiveSeconds: intervalSeconds,
      layout,
      rows: end - first,
      truthRows: end - first,
    };
  });
}

/** Samples that the file must deliver. */
export function truthSamples(plan: FilePlan): number {
  if (plan.outcome === "failed" || plan.outcome === "skipped") return 0;
  let samples = 0;
  for (const dat of plan.dats) {
    for (const block of dat.blocks) samples += block.truthRows * block.layout.width;
  }
  return samples;
}
