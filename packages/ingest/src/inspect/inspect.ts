import { MillraceError, wrapError } from "@millrace/core";
import { memberPrint } from "../archive/archive-reader.ts";
import { type Container, type ContainerEntry, originName } from "../archive/container.ts";
import { findInput } from "../archive/find-input.ts";
import { inputList } from "../archive/input-list.ts";
import { type ArchiveLimits, archiveLimits } from "../archive/limits.ts";
import { checkPassedOver, memberList } from "../archive/member-list.ts";
import { NestingBudget } from "../archive/nesting-budget.ts";
import { openInputs, type PassedInput } from "../archive/open-inputs.ts";
import { openNested } from "../archive/open-nested.ts";
import type { RemoteOptions } from "../archive/open-remote.ts";
import { inputName } from "../archive/remote-input.ts";
import { identifyPeriodFile } from "../oceanstor/file-name.ts";
import { type TimeBounds, timeBounds } from "../oceanstor/plausible-times.ts";
import { ArrayFinder, type InspectedArray } from "./array-finder.ts";
import { peekMember } from "./peek-member.ts";

/** Options of {@link inspect}. */
export interface InspectOptions {
  /**
   * Headers to read at most of each archive, those of a folder or inside another one by one; of larger
   * ones an even sample is read and the counts are estimated. A 7z is read whole.
   * @defaultValue 1,000
   */
  readonly maxHeaders?: number;
  /** Times that are believed, as in the options of `oceanstor`. */
  readonly times?: Partial<TimeBounds>;
  readonly limits?: Partial<ArchiveLimits>;
  /** How URLs and objects in S3 are reached. */
  readonly remote?: RemoteOptions;
  readonly signal?: AbortSignal;
}

/** A file that loading would not take whole, and why. */
export interface InspectedFile {
  readonly file: string;
  readonly problem: string;
}

/** What archives hold, judged by the heads of their files. */
export interface Inspection {
  readonly arrays: readonly InspectedArray[];
  readonly files: {
    /** Performance files. */
    readonly total: number;
    /** Those whose head was read. */
    readonly read: number;
    /** Some of their rows can be loaded; those are in the counts. */
    readonly partial: readonly InspectedFile[];
    readonly failed: readonly InspectedFile[];
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
 * Only the beginning of a file is inflated where its first block fills it, as in files of real arrays;
 * others are read whole. What is damaged is told as loading would tell it, apart from damage behind a
 * head that is sound: a wrong checksum, a second `.dat`.
 *
 * @throws MillraceError NOT_FOUND, UNSUPPORTED or CORRUPT_INPUT when an input cannot be opened
 * @throws MillraceError INVALID_OPTION for inputs that are no texts, and for options that are none
 */
export async function inspect(
  inputs: string | readonly string[],
  options: InspectOptions = {},
): Promise<Inspection> {
  const { maxHeaders = 1_000, signal } = options;
  const limits = archiveLimits(options.limits);
  const findings = new Findings(limits, timeBounds(options.times));
  const given = inputList(inputs);
  if (!(typeof maxHeaders === "number" && maxHeaders >= 1)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `maxHeaders is ${maxHeaders}; give a number of 1 or more.`,
    );
  }
  for (const path of given) await findInput(path);
  for await (const input of openInputs(given, limits, signal, options.remote)) {
    if (input.container === undefined) {
      // One input alone: there is nothing else to say.
      if (input.error !== undefined && given.length === 1 && input.path === given[0]) {
        throw input.error;
      }
      findings.passInput(input);
    } else await findings.addContainer(input.container, maxHeaders, signal);
  }
  return findings.result();
}

/** How an input is looked through. */
interface Look {
  readonly budget: NestingBudget;
  /** Archives around what is looked at. */
  readonly depth: number;
  readonly maxHeaders: number;
  readonly signal: AbortSignal | undefined;
}

/** What was found so far. */
class Findings {
  readonly #limits: ArchiveLimits;
  readonly #bounds: TimeBounds;
  readonly #finder = new ArrayFinder();
  readonly #seen = new Set<string>();
  readonly #partial: InspectedFile[] = [];
  readonly #failed: InspectedFile[] = [];
  #total = 0;
  #read = 0;
  #passedOver = 0;
  #bytes = 0;

  constructor(limits: ArchiveLimits, bounds: TimeBounds) {
    this.#limits = limits;
    this.#bounds = bounds;
  }

  passInput({ path, reason, error }: PassedInput): void {
    if (error === undefined) this.#passedOver += 1;
    else this.#failed.push({ file: inputName(path), problem: reason });
  }

  async addContainer(
    container: Container,
    maxHeaders: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#bytes += container.sizeBytes;
    const budget = new NestingBudget(this.#limits, container.sizeBytes);
    await this.#addEntries(container, { budget, depth: 0, maxHeaders, signal });
  }

  async #addEntries(container: Container, look: Look): Promise<void> {
    if (container.forward === undefined) {
      await this.#addList(container, container.entries, look);
      return;
    }
    try {
      for await (const entry of container.forward()) {
        if (look.depth > 0) look.budget.count(container.name, 1);
        await this.#addList(container, [entry], look);
      }
    } catch (error) {
      look.signal?.throwIfAborted();
      this.#fail(container.name, error);
    }
  }

  async #addList(
    container: Container,
    entries: readonly ContainerEntry[],
    look: Look,
  ): Promise<void> {
    const { budget, depth, maxHeaders, signal } = look;
    const { wanted, nested, passedOver } = memberList(entries, identifyPeriodFile);
    this.#total += wanted.length;
    for (const passed of passedOver) {
      signal?.throwIfAborted();
      const { entry, outcome, reason } = await checkPassedOver(passed);
      if (outcome === "skipped") this.#passedOver += 1;
      else this.#failed.push({ file: originName(container, entry), problem: reason });
    }
    for (const [entry, weight] of evenSample(wanted, maxHeaders)) {
      signal?.throwIfAborted();
      this.#read += 1;
      const file = originName(container, entry);
      try {
        await this.#addMember(entry, file, weight);
      } catch (error) {
        signal?.throwIfAborted();
        this.#fail(file, error);
      }
    }
    for (const entry of nested) {
      signal?.throwIfAborted();
      const name = originName(container, entry);
      let inner: Container;
      try {
        inner = await openNested(entry, name, this.#limits, budget, depth + 1);
      } catch (error) {
        signal?.throwIfAborted();
        this.#fail(name, error);
        continue;
      }
      try {
        await this.#addEntries(inner, { ...look, depth: depth + 1 });
      } finally {
        await inner[Symbol.asyncDispose]();
      }
    }
  }

  #fail(file: string, error: unknown): void {
    this.#failed.push({ file, problem: wrapError(error, `Reading ${file}`).message });
  }

  result(): Inspection {
    const estimated = this.#read < this.#total;
    return {
      arrays: this.#finder.arrays(estimated),
      files: {
        total: this.#total,
        read: this.#read,
        partial: this.#partial,
        failed: this.#failed,
        passedOver: this.#passedOver,
      },
      estimated,
      bytes: this.#bytes,
    };
  }

  async #addMember(entry: ContainerEntry, file: string, weight: number): Promise<void> {
    const packed = await entry.read(this.#limits);
    const print = memberPrint(entry.path, packed);
    // An equal copy is not loaded either.
    if (this.#seen.has(print)) return;
    this.#seen.add(print);
    const peek = await peekMember(entry.path, packed, this.#limits, this.#bounds);
    for (const document of peek.documents) this.#finder.add(document, weight);
    if (peek.problems.length === 0) return;
    const someRows = peek.documents.some(({ blocks }) => blocks.length > 0);
    const files = someRows ? this.#partial : this.#failed;
    files.push({ file, problem: peek.problems.join(" ") });
  }
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
