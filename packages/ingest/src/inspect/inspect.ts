import { wrapError } from "@millrace/core";
import { openContainer } from "../archive/archive-source.ts";
import { type Container, type ContainerEntry, originName } from "../archive/container.ts";
import { type ArchiveLimits, archiveLimits } from "../archive/limits.ts";
import { memberList } from "../archive/member-list.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import type { DatPeek } from "../oceanstor/peek.ts";
import { ArrayFinder, type InspectedArray } from "./array-finder.ts";
import { peekMember } from "./peek-member.ts";

/** Options of {@link inspect}. */
export interface InspectOptions {
  /**
   * Headers to read at most; of larger archives an even sample is read and the counts are estimated.
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
  let [total, read, passedOver, bytes] = [0, 0, 0, 0];
  const queue = typeof inputs === "string" ? [inputs] : [...inputs];
  for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
    const container = await openContainer(input, limits);
    try {
      queue.unshift(...container.nested);
      bytes += container.sizeBytes;
      const list = memberList(container, identifyPeriodFile);
      total += list.wanted.length;
      passedOver += list.passedOver.length;
      for (const [entry, weight] of evenSample(list.wanted, maxHeaders)) {
        signal?.throwIfAborted();
        read += 1;
        const peek = await tryPeek(container, entry, limits, failed);
        if (peek !== undefined) finder.add(peek, weight);
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

async function tryPeek(
  container: Container,
  entry: ContainerEntry,
  limits: ArchiveLimits,
  failed: { file: string; problem: string }[],
): Promise<DatPeek | undefined> {
  try {
    return await peekMember(entry, limits);
  } catch (error) {
    const file = originName(container, entry);
    failed.push({ file, problem: wrapError(error, `Reading ${file}`).message });
    return undefined;
  }
}

/** Every file with weight 1, or about `most` of them, each standing for those up to the next. */
function* evenSample<T>(items: readonly T[], most: number): Generator<readonly [T, number]> {
  const count = Math.min(items.length, most);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * items.length) / count);
    const next = Math.floor(((i + 1) * items.length) / count);
    yield [items[at] as T, next - at];
  }
  // The last file ends the time range, so it is read even when it only stands for itself.
  if (count > 0 && count < items.length) yield [items.at(-1) as T, 0];
}
