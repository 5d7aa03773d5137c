import { MillraceError } from "@millrace/core";

/** One column of a Parquet schema, in the words of the format. */
export interface ParquetColumn {
  readonly name: string;
  readonly type?: "INT64" | "DOUBLE" | "BYTE_ARRAY";
  readonly repetition_type?: "REQUIRED";
  readonly converted_type?: "TIMESTAMP_MILLIS" | "UTF8";
  readonly num_children?: number;
}

/** Smallest and largest value of a column in a row group. */
export interface ParquetStatistics {
  readonly min_value: bigint | number | string;
  readonly max_value: bigint | number | string;
  readonly null_count: bigint;
}

/** Where a {@link ParquetFileWriter} puts its bytes. */
export interface ParquetBytes {
  /** Bytes in the buffer; setting it to 0 empties the buffer. */
  index: number;
  /** The bytes in the buffer, until the next call. */
  getBytes(): Uint8Array;
}

/** Makes one Parquet file. */
export interface ParquetFileWriter {
  /** The row groups so far, as they will stand at the end of the file. */
  readonly row_groups: readonly {
    readonly columns: readonly { readonly meta_data?: { statistics?: unknown } }[];
  }[];
  write(options: {
    columnData: {
      name: string;
      data: bigint[] | Float64Array | string[];
      statistics: boolean;
      offsetIndex: boolean;
    }[];
    rowGroupSize: number;
  }): unknown;
  finish(): unknown;
}

/** The part of the package `hyparquet-writer` that is used. */
export interface ParquetLibrary {
  readonly ByteWriter: new () => ParquetBytes;
  /** Takes {@link ParquetWriterOptions}; the library asks for more of the writer than is used here. */
  readonly ParquetWriter: new (
    options: never,
  ) => ParquetFileWriter;
}

/** What a writer is made with. */
export interface ParquetWriterOptions {
  readonly writer: ParquetBytes;
  readonly schema: ParquetColumn[];
  readonly createdBy: string;
}

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadParquetLibrary(): Promise<ParquetLibrary> {
  try {
    return await import("hyparquet-writer");
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "parquet: the package hyparquet-writer cannot be loaded; install it: npm install hyparquet-writer@^0.17.0",
      { cause },
    );
  }
}
