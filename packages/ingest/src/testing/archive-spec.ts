import type { FaultPlan } from "./faults.ts";
import type { ArchiveProfile, ArchiveProfileName } from "./profiles.ts";
import { profileOf } from "./profiles.ts";

/** One array that an archive holds files of. */
export interface ArraySpec {
  /** Serial number, `[0-9A-Z]+`. */
  readonly serial: string;
  /** Model as it stands in file names. Default: the profile's. */
  readonly model?: string;
  /** Number of controllers, SP0 first. Default 2. */
  readonly controllers?: number;
}

/** What an archive is to contain. Every field has a default; equal specifications give equal bytes. */
export interface ArchiveSpec {
  /** Seed of every value. Default 1. */
  readonly seed?: number;
  /** Shape of every array. Default `"dorado6000"`. */
  readonly profile?: ArchiveProfileName | ArchiveProfile;
  /** Default: one array with two controllers. */
  readonly arrays?: readonly ArraySpec[];
  /** Time of the first sample. Default 2025-10-20T00:00:00Z. Rounded down to a second. */
  readonly startMs?: number;
  /** Collection interval. Default 60. */
  readonly intervalSeconds?: number;
  /** Collection times in one period file, over all its blocks. Default 15. */
  readonly rowsPerFile?: number;
  /** Blocks that share the rows of a file as evenly as possible. Default 1. */
  readonly blocksPerFile?: number;
  /** Period files of each controller. Default 12. */
  readonly filesPerController?: number;
  /** Least number of samples wanted; then `filesPerController` is computed. */
  readonly targetSamples?: number;
  /** Replaces the names of the first elements of the array, resource by resource. */
  readonly elementNames?: readonly string[];
  /** Metric ids that no dictionary knows, added to the first resource. */
  readonly unknownMetricIds?: readonly number[];
  /** Resource ids that no dictionary knows, added at the end with two elements each. */
  readonly unknownResourceIds?: readonly number[];
  /** Adds id 67 beside id 18 to the first resource; both are "Usage (%)". Default false. */
  readonly sharedNameIds?: boolean;
  /**
   * True: every controller reports every element, with values of its own. Default false: each
   * element is reported by one controller, as the counts of real archives say.
   */
  readonly overlappingControllers?: boolean;
  /** What to damage or make odd. */
  readonly faults?: readonly FaultPlan[];
}

/** A specification with every default filled in. */
export interface ResolvedArchiveSpec {
  readonly seed: number;
  readonly profile: ArchiveProfile;
  readonly arrays: readonly Required<ArraySpec>[];
  readonly startSeconds: number;
  readonly intervalSeconds: number;
  readonly rowsPerFile: number;
  readonly blocksPerFile: number;
  /** Undefined as long as it has to be computed from `targetSamples`. */
  readonly filesPerController: number | undefined;
  readonly targetSamples: number | undefined;
  readonly elementNames: readonly string[];
  readonly overlappingControllers: boolean;
  readonly faults: readonly FaultPlan[];
}

/**
 * Fills in the defaults and folds the options that change the shape into the profile.
 *
 * @throws RangeError when a number is not a positive integer or a serial has other characters.
 */
export function resolveSpec(spec: ArchiveSpec): ResolvedArchiveSpec {
  const base =
    typeof spec.profile === "object" ? spec.profile : profileOf(spec.profile ?? "dorado6000");
  const arrays = (spec.arrays ?? [{ serial: "2102355THQFSQ2100014" }]).map((array) => {
    if (!/^[0-9A-Z]+$/.test(array.serial)) {
      throw new RangeError(`arrays: serial ${array.serial} must match [0-9A-Z]+`);
    }
    return {
      serial: array.serial,
      model: array.model ?? base.model,
      controllers: positive("arrays.controllers", array.controllers ?? 2),
    };
  });
  const rowsPerFile = positive("rowsPerFile", spec.rowsPerFile ?? 15);
  const blocksPerFile = positive("blocksPerFile", spec.blocksPerFile ?? 1);
  if (blocksPerFile > rowsPerFile) {
    throw new RangeError("blocksPerFile must not exceed rowsPerFile: a block needs a row");
  }
  return {
    seed: spec.seed ?? 1,
    profile: withExtras(base, spec),
    arrays,
    startSeconds: Math.floor((spec.startMs ?? Date.UTC(2025, 9, 20)) / 1000),
    intervalSeconds: positive("intervalSeconds", spec.intervalSeconds ?? 60),
    rowsPerFile,
    blocksPerFile,
    filesPerController:
      spec.targetSamples === undefined
        ? positive("filesPerController", spec.filesPerController ?? 12)
        : undefined,
    targetSamples: spec.targetSamples,
    elementNames: spec.elementNames ?? [],
    overlappingControllers: spec.overlappingControllers ?? false,
    faults: spec.faults ?? [],
  };
}

function withExtras(base: ArchiveProfile, spec: ArchiveSpec): ArchiveProfile {
  const [first, ...others] = base.resources;
  if (first === undefined) throw new RangeError("profile: needs a resource");
  const metricIds = [...first.metricIds, ...(spec.unknownMetricIds ?? [])];
  if (spec.sharedNameIds) {
    for (const id of [18, 67]) if (!metricIds.includes(id)) metricIds.push(id);
  }
  const unknown = (spec.unknownResourceIds ?? []).map((id) => ({
    id,
    elements: 2,
    metricIds: [18, 22, 25, 28],
    elementName: (index: number): string => `unit${index}`,
  }));
  return { ...base, resources: [{ ...first, metricIds }, ...others, ...unknown] };
}

function positive(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${option} must be a positive integer, not ${value}`);
  }
  return value;
}
