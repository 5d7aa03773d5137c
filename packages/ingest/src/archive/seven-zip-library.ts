import { MillraceError } from "@millrace/core";

/** The function as it is, held against what is used of it. */
type Package = { readonly libarchiveWasm: typeof import("libarchive-wasm").libarchiveWasm };

/** The part of the package `libarchive-wasm` that is used: libarchive, compiled to WebAssembly. */
export interface SevenZipLibrary {
  libarchiveWasm(): Promise<SevenZipDecoder>;
}

/** One instance with a memory of its own; pointers are numbers. */
export interface SevenZipDecoder {
  readonly module: {
    /** Replaced by a longer view when the memory grows. */
    readonly HEAP8: Int8Array;
    _malloc(size: number): number;
  };
  /** Throws when it is no archive at all. */
  read_new_memory(pointer: number, size: number): number;
  /** 0 at the end and when it is damaged. */
  read_next_entry(archive: number): number;
  /** Bytes read, 0 at the end of the entry; throws when it is damaged. */
  read_data(archive: number, target: number, size: number): number;
  error_string(archive: number): string | null;
  entry_filetype(entry: number): number;
  entry_pathname(entry: number): string | null;
  entry_size(entry: number): number;
}

// A bundler must leave this alone: the package finds its WebAssembly beside itself. Where everything is
// in one bundle, it is found among the packages that are installed beside it.
const PACKAGE: string = "libarchive-wasm";

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadSevenZipLibrary(name: string): Promise<SevenZipLibrary> {
  try {
    const library: Package = await import(PACKAGE);
    return library;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      `${name} is a 7z archive, and the package libarchive-wasm, which reads those, cannot be loaded; install it: npm install libarchive-wasm@^1.2.0`,
      { cause },
    );
  }
}
