import { wrapError } from "@millrace/core";
import { memberPrint, openContainer } from "../archive/archive-source.ts";
import { originName } from "../archive/container.ts";
import { type ArchiveLimits, archiveLimits } from "../archive/limits.ts";
import { memberList } from "../archive/member-list.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { ArrayFinder, type InspectedArray } from "./array-finder.ts";
import { peekMember } from "./peek-member.ts";

/** Options of {@link inspect}. */
export interface InspectOptions {
  /**
   * Headers to read at most of each input, a folder's zips counted one by one; of larger ones an even
   * sample is read and the counts are estimated.
   * @defaultValue 1,000
   */
  readonly maxHeaders?: number;
  readonly limits?: Partial<ArchiveLimits>;
  readonly signal?: AbortSignal;
}

/** What archives hold, judged by the heads of their files. */
export interface Inspection {
  readonly arrays: readonly InspectedArray[];
  readonly files: {
    /** Performance files. */
    readonly total: number;
    /** Those whose head was read. */
    readonly read: number;
    readonly failed: readonly { readonly file: string; readonly problem: string }[];
    readonly passedOver: number;
  };
  /** True where only a sample of the files was read, so that counts are estimates and gaps unknown. */
  readonly estimated: boolean;
  readonly bytes: number;
}

/**
 * Says what is in archives without reading the data: arrays, controllers, interval, time range, gaps,
 * resources, counts of series and samples, unknown ids.
 *
 * Only the beginning of each file is inflated. Counts assume that files hold all the rows that their
 * first block promises; a damaged tail shows only when the archive is loaded.
 *
 * @throws MillraceError NOT_FOUND, UNSUPPORTED or CORRUPT_INPUT when an input cannot be opened
 */
export async function inspect(
  inputs: string | readonly string[],
  options: InspectOptions = {},
): Promise<Inspection> {
  const limits = archiveLimits(options.limits);
  const { maxHeaders = 1_000, signal } = options;
  const finder = new ArrayFinder();
  const failed: { file: string; problem: string }[] = [];
  const seen = new Set<string>();
  let [total, read, passedOver, bytes] = [0, 0, 0, 0];
  const queue = typeof inputs === "string" ? [inputs] : [...inputs];
  for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
    const container = await openContainer(input, limits).catch((error: unknown) => {
      const problem = wrapError(error, `Opening ${input}`);
      // One input alone, or one that is not there: there is nothing else to say.
      if (problem.code === "NOT_FOUND" || input === inputs || inputs.length === 1) throw problem;
      failed.push({ file: input, problem: problem.message });
    });
    if (container === undefined) continue;
    try {
      queue.unshift(...container.nested);
      bytes += container.sizeBytes;
      const list = memberList(container, identifyPeriodFile);
      total += list.wanted.length;
      passedOver += list.passedOver.length;
      for (const [entry, weight] of evenSample(list.wanted, maxHeaders)) {
        signal?.throwIfAborted();
        read += 1;
        try {
          const packed = await entry.read(limits);
          const print = memberPrint(entry.path, packed);
          // An equal copy is not loaded either.
          if (seen.has(print)) continue;
          seen.add(print);
          finder.add(await peekMember(entry.path, packed, limits), weight);
        } catch (error) {
          const file = originName(container, entry);
          failed.push({ file, problem: wrapError(error, `Reading ${file}`).message });
        }
      }
    } finally {
      await container[Symbol.asyncDispose]();
    }
  }
  const estimated = read < total;
  return {
    arrays: finder.arrays(estimated),
    files: { total, read, failed, passedOver },
    estimated,
    bytes,
  };
}

/**
 * Every file with weight 1, or `most` of them, each standing for its share. The first and the last are
 * among them, because they begin and end the time range.
 */
function* evenSample<T>(items: readonly T[], most: number): Generator<readonly [T, number]> {
  const count = Math.min(items.length, Math.max(1, Math.floor(most)));
  for (let i = 0; i < count; i++) {
    const at = count === 1 ? 0 : Math.round((i * (items.length - 1)) / (count - 1));
    yield [items[at] as T, items.length / count];
  }
}
