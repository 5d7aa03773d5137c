import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { MillraceError } from "@millrace/core";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { NestingBudget } from "./nesting-budget.ts";
import { memoryAccess, type RandomAccess } from "./random-access.ts";
import { loadSevenZipLibrary, type SevenZipDecoder } from "./seven-zip-library.ts";
import { spillToFile } from "./spill-file.ts";

/** What a 7z begins with. */
export const SEVEN_ZIP_MAGIC = "7z\xbc\xaf\x27\x1c";
/** The first header: magic, version, checksum, then where the second one is (7zFormat.txt). */
const FIRST_HEADER_BYTES = 32;
const PIECE_BYTES = 1024 * 1024;
const REGULAR_FILE = 0o100000;

/**
 * Opens a 7z, to be read from its beginning to its end: its files are packed as one stream. It lies in
 * memory as it is; nothing is written to the disk. The decoder shows letters of names that are not ASCII
 * as `*`.
 *
 * @throws MillraceError MISSING_DEPENDENCY without the package `libarchive-wasm`
 * @throws MillraceError CORRUPT_INPUT when it is cut or its directory is damaged
 * @throws MillraceError LIMIT_EXCEEDED when it is larger than `limits.sevenZipBytes`
 */
export async function openSevenZip(
  access: RandomAccess,
  limits: ArchiveLimits,
): Promise<Container> {
  const { name, sizeBytes } = access;
  try {
    if (sizeBytes > limits.sevenZipBytes) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name} has ${sizeBytes} bytes, and a 7z lies in memory while it is read; unpack it and give the folder, or raise the limit "sevenZipBytes" of ${limits.sevenZipBytes}.`,
      );
    }
    await checkHeaders(access);
    const library = await loadSevenZipLibrary(name);
    return {
      name,
      sizeBytes,
      entries: [],
      nested: [],
      warnings: [`${name} is a 7z, so its files are read in the order in which they were packed.`],
      async *forward() {
        const reader = await SevenZipReader.open(await library.libarchiveWasm(), access, limits);
        yield* reader.entries();
      },
      [Symbol.asyncDispose]: () => access.close(),
    };
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** Without this a cut archive would look like an empty one. */
async function checkHeaders(access: RandomAccess): Promise<void> {
  const { name, sizeBytes } = access;
  const first = await access.read(0, FIRST_HEADER_BYTES);
  const damaged = (what: string): MillraceError =>
    new MillraceError("CORRUPT_INPUT", `${name} is no intact 7z archive: ${what}.`);
  if (first.length < FIRST_HEADER_BYTES) throw damaged("it ends within its first header");
  if (crc32(first.subarray(12)) !== first.readUInt32LE(8)) {
    throw damaged("its first header does not match its checksum");
  }
  const offset = Number(first.readBigUInt64LE(12));
  const length = Number(first.readBigUInt64LE(20));
  if (FIRST_HEADER_BYTES + offset + length > sizeBytes) {
    throw damaged(`it is cut, its directory would end at byte ${32 + offset + length}`);
  }
  let checksum = 0;
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = Math.min(PIECE_BYTES, length - at);
    checksum = crc32(await access.read(FIRST_HEADER_BYTES + offset + at, piece), checksum);
  }
  if (checksum !== first.readUInt32LE(28)) {
    throw damaged("its directory does not match its checksum");
  }
}

/** One pass over a 7z. */
class SevenZipReader {
  readonly #name: string;
  readonly #limits: ArchiveLimits;
  readonly #decoder: SevenZipDecoder;
  readonly #archive: number;
  readonly #piece: number;
  /** Skipping unpacks, too. */
  readonly #unpacked: NestingBudget;

  constructor(access: RandomAccess, limits: ArchiveLimits, decoder: SevenZipDecoder, at: number) {
    this.#name = access.name;
    this.#limits = limits;
    this.#decoder = decoder;
    this.#unpacked = new NestingBudget(limits, access.sizeBytes);
    this.#archive = this.#guard(() => decoder.read_new_memory(at, access.sizeBytes));
    this.#piece = decoder.module._malloc(PIECE_BYTES);
  }

  /** Copies the archive into the decoder's memory. */
  static async open(
    decoder: SevenZipDecoder,
    access: RandomAccess,
    limits: ArchiveLimits,
  ): Promise<SevenZipReader> {
    const { name, sizeBytes } = access;
    const at = decoder.module._malloc(sizeBytes);
    if (at === 0) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name} has ${sizeBytes} bytes, more than the decoder of 7z has memory for; unpack it and give the folder.`,
      );
    }
    for (let offset = 0; offset < sizeBytes; offset += PIECE_BYTES) {
      const piece = await access.read(offset, Math.min(PIECE_BYTES, sizeBytes - offset));
      if (piece.length === 0) throw new MillraceError("CORRUPT_INPUT", `${name} became shorter.`);
      decoder.module.HEAP8.set(piece, at + offset);
    }
    return new SevenZipReader(access, limits, decoder, at);
  }

  async *entries(): AsyncGenerator<ContainerEntry> {
    for (let count = 0; ; ) {
      const entry = this.#guard(() => this.#decoder.read_next_entry(this.#archive));
      if (entry === 0) {
        const problem = this.#decoder.error_string(this.#archive);
        if (problem) throw this.#damaged(problem);
        return;
      }
      if (this.#decoder.entry_filetype(entry) !== REGULAR_FILE) continue;
      if (++count > this.#limits.members) {
        throw new MillraceError(
          "LIMIT_EXCEEDED",
          `${this.#name} holds more than ${this.#limits.members} files; raise the limit "members" if that is right.`,
        );
      }
      const path = (this.#decoder.entry_pathname(entry) ?? "").replaceAll("\\", "/");
      const file = new PackedFile(path, this.#decoder.entry_size(entry), () => this.#next(path));
      yield {
        path,
        storedBytes: 0,
        read: ({ packedBytes }) => file.read(packedBytes, "packedBytes"),
        async openNested(nestedName, budget) {
          const { spillFolder } = budget;
          if (spillFolder !== undefined && file.declaredBytes > budget.freeBytes) {
            return await spillToFile(nestedName, spillFolder, file.pieces());
          }
          const bytes = await file.read(budget.freeBytes, "nestedBytes");
          // Nobody knows how small it was in a stream of many files.
          const release = budget.reserve(nestedName, bytes.length, bytes.length);
          return { ...memoryAccess(nestedName, bytes), close: async () => release() };
        },
      };
      await file.skip();
    }
  }

  /** The next piece of the current file, a copy; undefined at its end. */
  async #next(path: string): Promise<Uint8Array | undefined> {
    // Unpacking is done in place; others must have their turn.
    await setImmediate();
    const size = this.#guard(
      () => this.#decoder.read_data(this.#archive, this.#piece, PIECE_BYTES),
      path,
    );
    if (size === 0) return undefined;
    this.#unpacked.unpack(this.#name, size);
    return new Uint8Array(this.#decoder.module.HEAP8.slice(this.#piece, this.#piece + size).buffer);
  }

  #guard<T>(call: () => T, path = ""): T {
    try {
      return call();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (!/encrypted/.test(reason)) throw this.#damaged(reason, path, cause);
      throw new MillraceError(
        "UNSUPPORTED",
        `${path || this.#name} is encrypted; extract it with its password first.`,
      );
    }
  }

  #damaged(reason: string, path = "", cause?: unknown): MillraceError {
    if (/encrypted/.test(reason)) {
      return new MillraceError(
        "UNSUPPORTED",
        `${this.#name} is encrypted; extract it with its password first.`,
      );
    }
    const where = path === "" ? this.#name : `${path} in ${this.#name}`;
    return new MillraceError("CORRUPT_INPUT", `Cannot read ${where}: ${reason}.`, { cause });
  }
}

/** The file at which a decoder stands. */
class PackedFile {
  readonly #path: string;
  readonly declaredBytes: number;
  readonly #next: () => Promise<Uint8Array | undefined>;
  #done = false;

  constructor(path: string, declaredBytes: number, next: () => Promise<Uint8Array | undefined>) {
    this.#path = path;
    this.declaredBytes = declaredBytes;
    this.#next = next;
  }

  async read(mostBytes: number, limit: keyof ArchiveLimits): Promise<Uint8Array> {
    if (this.#done) throw new MillraceError("INTERNAL", `${this.#path} was read before.`);
    const pieces: Uint8Array[] = [];
    let size = 0;
    const check = (bytes: number): void => {
      if (bytes <= mostBytes) return;
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${this.#path} has more than the ${mostBytes} bytes that are free of the limit "${limit}"; raise it if that is right.`,
      );
    };
    check(this.declaredBytes);
    for (let piece = await this.#piece(); piece !== undefined; piece = await this.#piece()) {
      size += piece.length;
      check(size);
      pieces.push(piece);
    }
    const whole = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Its bytes as they are unpacked. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    if (this.#done) throw new MillraceError("INTERNAL", `${this.#path} was read before.`);
    for (let piece = await this.#piece(); piece !== undefined; piece = await this.#piece()) {
      yield piece;
    }
  }

  /** What was not read must be unpacked all the same, to reach what follows. */
  async skip(): Promise<void> {
    while (!this.#done) await this.#piece();
  }

  async #piece(): Promise<Uint8Array | undefined> {
    try {
      const piece = await this.#next();
      this.#done = piece === undefined;
      return piece;
    } catch (error) {
      this.#done = true;
      throw error;
    }
  }
}
