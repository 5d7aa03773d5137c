import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { type OriginReadEvent, type RunContext, wrapError } from "@millrace/core";
import type { MemberIdentity } from "../parser/archive-parser.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { type Container, type ContainerEntry, originName } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { checkPassedOver, memberList, type PassedOver } from "./member-list.ts";
import { NestingBudget } from "./nesting-budget.ts";
import { openNested } from "./open-nested.ts";

type Member = ArchiveMember | UnreadableMember;
type Identify = (path: string) => MemberIdentity | undefined;

/** Reads opened containers one after the other, and knows what was read before. */
export class ArchiveReader {
  readonly #identify: Identify;
  readonly #limits: ArchiveLimits;
  readonly #context: RunContext;
  readonly #spillFolder: string | undefined;
  readonly #seen = new Map<string, string>();

  constructor(
    identify: Identify,
    limits: ArchiveLimits,
    context: RunContext,
    spillFolder: string | undefined,
  ) {
    this.#identify = identify;
    this.#spillFolder = spillFolder;
    this.#limits = limits;
    this.#context = context;
  }

  /** The members of an input and of the archives inside it. */
  async *readInput(container: Container): AsyncGenerator<Member> {
    const { meter } = this.#context;
    const budget = new NestingBudget(this.#limits, container.sizeBytes, this.#spillFolder);
    let readBytes = 0;
    yield* this.#readContainer(container, budget, 0, (entry) => {
      // A directory that lies must not take the progress beyond the size of its container.
      const stored = Math.min(entry.storedBytes, container.sizeBytes - readBytes);
      readBytes += stored;
      meter.bytes += stored;
    });
    // The directory of a zip is not part of any entry; without this the progress would stop short of 100 %.
    meter.bytes += container.sizeBytes - readBytes;
  }

  async *#readContainer(
    container: Container,
    budget: NestingBudget,
    depth: number,
    pass: (entry: ContainerEntry) => void,
  ): AsyncGenerator<Member> {
    const { meter, emit, signal } = this.#context;
    for (const message of container.warnings ?? []) emit({ type: "warning", message });
    const nameOf = originNames(container);
    if (container.forward === undefined) {
      meter.originsTotal += container.entries.length;
      yield* this.#readEntries(container.entries, nameOf, budget, depth, pass);
      return;
    }
    try {
      for await (const entry of container.forward()) {
        signal.throwIfAborted();
        meter.originsTotal += 1;
        if (depth > 0) budget.count(container.name, 1);
        yield* this.#readEntries([entry], nameOf, budget, depth, pass);
      }
    } catch (error) {
      signal.throwIfAborted();
      meter.originsTotal += 1;
      // What came before it stands; how many files are lost, nobody can tell.
      const { message } = wrapError(error, `Reading ${container.name}`);
      emit(originEnd(container.name, "failed", message));
    }
  }

  async *#readEntries(
    entries: readonly ContainerEntry[],
    nameOf: (entry: ContainerEntry) => string,
    budget: NestingBudget,
    depth: number,
    pass: (entry: ContainerEntry) => void,
  ): AsyncGenerator<Member> {
    const { emit, meter, signal } = this.#context;
    const { wanted, nested, passedOver } = memberList(entries, this.#identify);
    for (const passed of passedOver) await this.#passOver(passed, nameOf, pass);
    for (const entry of wanted) {
      signal.throwIfAborted();
      const member = await this.#readMember(entry, nameOf(entry));
      pass(entry);
      if (member !== undefined) yield member;
    }
    for (const entry of nested) {
      signal.throwIfAborted();
      const name = nameOf(entry);
      let container: Container;
      try {
        container = await openNested(entry, name, this.#limits, budget, depth + 1);
      } catch (error) {
        signal.throwIfAborted();
        pass(entry);
        emit(originEnd(name, "failed", wrapError(error, `Opening ${name}`).message));
        continue;
      }
      // Its files count, not the archive itself.
      meter.originsTotal -= 1;
      try {
        yield* this.#readContainer(container, budget, depth + 1, () => {});
      } finally {
        await container[Symbol.asyncDispose]();
      }
      pass(entry);
    }
  }

  async #passOver(
    passed: PassedOver,
    nameOf: (entry: ContainerEntry) => string,
    pass: (entry: ContainerEntry) => void,
  ): Promise<void> {
    this.#context.signal.throwIfAborted();
    const { entry, outcome, reason } = await checkPassedOver(passed);
    pass(entry);
    this.#context.emit(originEnd(nameOf(entry), outcome, reason));
  }

  /** Undefined for an equal copy. */
  async #readMember(entry: ContainerEntry, origin: string): Promise<Member | undefined> {
    const { path } = entry;
    let bytes: Uint8Array;
    try {
      bytes = await entry.read(this.#limits);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      return { origin, path, error: wrapError(error, `Reading ${origin}`) };
    }
    const print = memberPrint(path, bytes);
    const twin = this.#seen.get(print);
    if (twin !== undefined) {
      this.#context.emit(originEnd(origin, "skipped", `An equal copy of ${twin}.`));
      return undefined;
    }
    this.#seen.set(print, origin);
    return { origin, path, bytes };
  }
}

/** Equal for the copies of one file: its name, size and checksum. */
export function memberPrint(path: string, bytes: Uint8Array): string {
  return `${basename(path)} ${bytes.length} ${crc32(bytes)}`;
}

/** How a file that yields nothing is reported. */
export function originEnd(
  origin: string,
  outcome: "failed" | "skipped",
  problem: string,
): OriginReadEvent {
  return {
    type: "origin-read",
    origin,
    outcome,
    count: 0,
    filtered: 0,
    problems: [problem],
  };
}

/** A zip may list one path many times, with different files; each needs an outcome of its own. */
function originNames(container: Container): (entry: ContainerEntry) => string {
  const named = new Map<string, number>();
  return (entry) => {
    const plain = originName(container, entry);
    const times = (named.get(plain) ?? 0) + 1;
    named.set(plain, times);
    return times === 1 ? plain : `${plain} (${times})`;
  };
}
