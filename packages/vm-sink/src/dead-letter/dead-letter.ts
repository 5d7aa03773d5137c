import { createReadStream } from "node:fs";
import { access, type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Labels, MillraceError, type SeriesSamples } from "@millrace/core";
import { SampleBag } from "../checkpoint/sample-bag.ts";
import { splitLines } from "../wire/split-lines.ts";

/** One line of a dead-letter file: VictoriaMetrics' own import format, and why the series lies here. */
export interface DeadLetterLine {
  readonly metric: Labels;
  readonly values: readonly number[];
  /** Unix milliseconds. */
  readonly timestamps: readonly number[];
  /** What the database said. */
  readonly reason?: string;
}

/**
 * Where series go that the database refuses: a file of JSON lines that `millrace replay` sends again, and
 * that the database's own `/api/v1/import` takes, too. It is made when the first series comes.
 */
export class DeadLetter {
  readonly path: string;
  /** Series and samples written in this run. */
  series = 0;
  samples = 0;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Settles when the series would survive a crash of this machine. */
  async add({ labels, timesMs, values }: SeriesSamples, reason: string): Promise<void> {
    const line: DeadLetterLine = {
      metric: labels,
      values: [...values],
      timestamps: [...timesMs],
      reason,
    };
    try {
      if (this.#file === undefined) {
        await mkdir(dirname(this.path), { recursive: true });
        await cutTornLine(this.path);
        this.#file = await open(this.path, "a", 0o600);
      }
      await this.#file.appendFile(`${JSON.stringify(line)}\n`);
      await this.#file.datasync();
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new MillraceError(
        "INVALID_OPTION",
        `The dead-letter file ${this.path} cannot be written: ${said}`,
        { cause },
      );
    }
    this.series += 1;
    this.samples += values.length;
  }

  /** Everything in the file, from this run and those before it. */
  async contents(): Promise<SampleBag> {
    const bag = new SampleBag();
    const exists = await access(this.path).then(
      () => true,
      () => false,
    );
    if (!exists) return bag;
    for await (const read of readLines(this.path)) {
      if ("problem" in read) continue;
      const { metric, timestamps, values } = read.line;
      bag.addAll(metric, timestamps, values);
    }
    return bag;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** A line of a file, or what is wrong with it. */
export type ReadLine = { readonly line: DeadLetterLine } | { readonly problem: string };

/**
 * Reads the lines of a dead-letter file, or of an export of VictoriaMetrics.
 *
 * @throws MillraceError NOT_FOUND when there is no such file
 */
export async function* readLines(path: string): AsyncGenerator<ReadLine> {
  const stream = createReadStream(path, { encoding: "utf8" });
  let number = 0;
  try {
    for await (const text of splitLines(stream, path)) {
      number += 1;
      if (text.trim() !== "") yield parseLine(text, number);
    }
  } catch (cause) {
    if (MillraceError.is(cause)) throw cause;
    throw new MillraceError("NOT_FOUND", `${path} does not exist or cannot be read.`, { cause });
  } finally {
    stream.destroy();
  }
}

function parseLine(text: string, number: number): ReadLine {
  try {
    const line: unknown = JSON.parse(text);
    if (isLine(line)) return { line };
  } catch {
    // Told below.
  }
  return {
    problem: `Line ${number} is none of VictoriaMetrics' JSON lines: ${text.slice(0, 80)}`,
  };
}

const NEWLINE = 0x0a;
const TAIL_BYTES = 64 * 1024;

/**
 * A crash may have torn the last line. Its series was not given up for it, so it comes again, and what
 * follows must begin on a line of its own.
 */
async function cutTornLine(path: string): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, "r+");
  } catch {
    return;
  }
  try {
    let end = (await file.stat()).size;
    const tail = Buffer.alloc(TAIL_BYTES);
    while (end > 0) {
      const from = Math.max(0, end - TAIL_BYTES);
      const { bytesRead } = await file.read(tail, 0, end - from, from);
      const newline = tail.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (newline >= 0) {
        await file.truncate(from + newline + 1);
        return;
      }
      end = from;
    }
    await file.truncate(0);
  } finally {
    await file.close();
  }
}

function isLine(line: unknown): line is DeadLetterLine {
  if (typeof line !== "object" || line === null) return false;
  if (!("metric" in line && "values" in line && "timestamps" in line)) return false;
  const { metric, values, timestamps } = line;
  return (
    typeof metric === "object" &&
    metric !== null &&
    Object.values(metric).every((value) => typeof value === "string") &&
    isNumbers(values) &&
    isNumbers(timestamps) &&
    values.length === timestamps.length
  );
}

/** JSON can say 1e999, which is no number that a database keeps. */
function isNumbers(list: unknown): list is readonly number[] {
  return Array.isArray(list) && list.every(Number.isFinite);
}
