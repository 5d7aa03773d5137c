import { Readable } from "node:stream";
import { promisify } from "node:util";
import { crc32, createInflateRaw, inflateRaw } from "node:zlib";
import { MillraceError } from "@millrace/core";
import type { Entry } from "yauzl";
import type { ContainerEntry } from "./container.ts";
import { freeBytes } from "./free-bytes.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { NestingBudget } from "./nesting-budget.ts";
import { memoryAccess, type RandomAccess, sliceAccess } from "./random-access.ts";
import { spillToFile } from "./spill-file.ts";
import type { WindowedFile } from "./windowed-file.ts";
import { readFileHeader } from "./zip-file-header.ts";

/** An opened zip, as its entries need it. */
export interface OpenedZip {
  readonly access: RandomAccess;
  readonly file: WindowedFile;
  /** Told of what is going to be read; throws where that is too much. */
  readonly take: (name: string, bytes: number) => void;
}

/** The compression methods that zip tools agree on. */
const STORED = 0;
const DEFLATED = 8;

const ENCRYPTED = 1;
const PIECE_BYTES = 1024 * 1024;

/**
 * A file in a zip. An archive can list a million of them, so it keeps of its directory entry what it
 * needs and no more.
 */
export class ZipEntry implements ContainerEntry {
  readonly path: string;
  /** Size after the zip's own compression. */
  readonly storedBytes: number;
  readonly #zip: OpenedZip;
  readonly #sizeBytes: number;
  readonly #crc: number;
  readonly #method: number;
  readonly #flags: number;
  readonly #headerAt: number;
  /** Its name as it stands in the zip; undefined where that is the path in UTF-8. */
  readonly #rawName: Buffer | undefined;

  constructor(zip: OpenedZip, path: string, listed: Entry) {
    const utf8 = Buffer.from(path);
    this.path = path;
    this.storedBytes = listed.compressedSize;
    this.#zip = zip;
    this.#sizeBytes = listed.uncompressedSize;
    this.#crc = listed.crc32;
    this.#method = listed.compressionMethod;
    this.#flags = listed.generalPurposeBitFlag;
    this.#headerAt = listed.relativeOffsetOfLocalHeader;
    this.#rawName = utf8.equals(listed.fileNameRaw) ? undefined : Buffer.from(listed.fileNameRaw);
  }

  async read({ packedBytes }: ArchiveLimits): Promise<Uint8Array> {
    this.#zip.take(this.path, this.storedBytes);
    return await this.#read(this.path, packedBytes);
  }

  async checkName(): Promise<void> {
    await this.#dataStart();
  }

  async openNested(name: string, budget: NestingBudget): Promise<RandomAccess> {
    this.#zip.take(name, this.storedBytes);
    this.#checkReadable();
    if (this.#method !== STORED) return await this.#inflated(name, budget);
    if (this.#sizeBytes !== this.storedBytes) throw wrongSize(this.path, "fewer", this.#sizeBytes);
    return sliceAccess(name, this.#zip.access, await this.#dataStart(), this.storedBytes);
  }

  async #read(name: string, mostBytes: number): Promise<Uint8Array> {
    this.#checkReadable();
    const [size, stored] = [this.#sizeBytes, this.storedBytes];
    const largest = Math.max(size, stored);
    if (largest > mostBytes) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name} declares ${largest} bytes, more than the limit of ${mostBytes} ("packedBytes").`,
      );
    }
    const start = await this.#dataStart();
    let bytes: Uint8Array;
    try {
      bytes = await this.#zip.file.readBytes(start, stored);
      if (bytes.length < stored) throw new Error("the zip ends in the middle of it");
      if (this.#method === DEFLATED) {
        const deflated = bytes;
        // One byte more than declared: a directory that lies about the size must not fill the memory.
        bytes = await inflate(deflated, { maxOutputLength: size + 1, chunkSize: chunkFor(size) });
        freeBytes(deflated);
      }
    } catch (cause) {
      if (isTooLarge(cause)) throw wrongSize(name, "more", size);
      // What went wrong beneath, on the network for one, says so itself.
      if (MillraceError.is(cause)) throw cause;
      throw corrupt(name, cause);
    }
    if (bytes.length !== size) {
      throw wrongSize(name, bytes.length > size ? "more" : "fewer", size);
    }
    if (crc32(bytes) !== this.#crc) {
      throw new MillraceError("CORRUPT_INPUT", `${name} does not match its checksum in the zip.`);
    }
    return bytes;
  }

  async #inflated(name: string, budget: NestingBudget): Promise<RandomAccess> {
    const { spillFolder } = budget;
    if (spillFolder !== undefined && this.#sizeBytes > budget.freeBytes) {
      budget.admit(name, this.#sizeBytes, this.storedBytes);
      return await spillToFile(name, spillFolder, this.#pieces(name));
    }
    const release = budget.reserve(name, this.#sizeBytes, this.storedBytes);
    try {
      const bytes = await this.#read(name, Number.POSITIVE_INFINITY);
      return { ...memoryAccess(name, bytes), close: async () => release() };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Its bytes, inflated as they come. */
  async *#pieces(name: string): AsyncGenerator<Uint8Array> {
    const { file } = this.#zip;
    const start = await this.#dataStart();
    const end = start + this.storedBytes;
    const packed = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = start; at < end; at += PIECE_BYTES) {
        yield await file.readBytes(at, Math.min(PIECE_BYTES, end - at));
      }
    };
    let size = 0;
    let crc = 0;
    try {
      // What has no end of its own must not fill the disk.
      for await (const piece of Readable.from(packed()).compose(createInflateRaw())) {
        size += (piece as Buffer).length;
        if (size > this.#sizeBytes) throw wrongSize(name, "more", this.#sizeBytes);
        crc = crc32(piece as Buffer, crc);
        yield piece as Buffer;
      }
    } catch (cause) {
      throw MillraceError.is(cause) ? cause : corrupt(name, cause);
    }
    if (size < this.#sizeBytes) throw wrongSize(name, "fewer", this.#sizeBytes);
    if (crc !== this.#crc) {
      throw new MillraceError("CORRUPT_INPUT", `${name} does not match its checksum in the zip.`);
    }
  }

  #checkReadable(): void {
    const { path, storedBytes } = this;
    if ((this.#flags & ENCRYPTED) !== 0) {
      throw new MillraceError(
        "UNSUPPORTED",
        `${path} is encrypted; extract it with its password first.`,
      );
    }
    if (![STORED, DEFLATED].includes(this.#method)) {
      throw new MillraceError(
        "UNSUPPORTED",
        `${path} is packed by zip method ${this.#method}, which is not read; extract it first.`,
      );
    }
    if (storedBytes > this.#zip.access.sizeBytes) {
      throw new MillraceError(
        "CORRUPT_INPUT",
        `${path} declares ${storedBytes} bytes, more than the whole zip has.`,
      );
    }
  }

  async #dataStart(): Promise<number> {
    try {
      const rawName = this.#rawName ?? Buffer.from(this.path);
      return await readFileHeader(this.#zip.file, this.#headerAt, rawName);
    } catch (cause) {
      throw MillraceError.is(cause) ? cause : corrupt(this.path, cause);
    }
  }
}

const inflate = promisify(inflateRaw);

/** Room for the whole result where it is small, so that it need not be put together from pieces. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size + 64, 64 * 1024), 16 * 1024 * 1024);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function wrongSize(name: string, how: "more" | "fewer", size: number): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `${name} has ${how} bytes than the ${size} that the zip declares.`,
  );
}

/** What a damaged part of a zip is reported as. */
export function corrupt(what: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("CORRUPT_INPUT", `Cannot read ${what}: ${reason}`, { cause });
}
