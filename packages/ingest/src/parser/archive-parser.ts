import type { RunContext, SeriesTable } from "@millrace/core";
import type { Document } from "../archive/read-tar.ts";

/** Where a member stands among the others of its archive, judged by its path alone. */
export interface MemberIdentity {
  /** Members of one stream are consecutive parts of the same series: an array's controller, say. */
  readonly stream: string;
  /** Sorts the members of a stream by time, as text. */
  readonly order: string;
}

/** Cells of consecutive rows, as bytes, little-endian; the numbers need not be aligned in memory. */
export interface RowCells {
  readonly type: "int32" | "float64";
  /** Row-major; row after row without gaps. Read before the parser is called again, so it may be a view. */
  readonly bytes: Uint8Array;
}

/**
 * What performance files really hold: a row for each collection time, a column for each series.
 * Equal neighbours are joined and transposed later.
 */
export interface SampleBlock {
  /** The series to deliver. The same object for blocks with the same columns, so that they can be joined. */
  readonly table: SeriesTable;
  /** For each series of the table, its column in a row. Absent where row and table agree one to one. */
  readonly columns?: Uint32Array;
  /** Columns of a row, wanted or not. */
  readonly columnCount: number;
  readonly rowCount: number;
  readonly cells: RowCells;
  /** Time of the first row, Unix milliseconds. */
  readonly startMs: number;
  /** Time between two rows, above 0. */
  readonly stepMs: number;
  /** Cells with this value hold no sample. Absent where every cell holds one. */
  readonly noSample?: number;
  /** How many cells of the series in `table` hold none; to be given with `noSample`. */
  readonly missing?: number;
}

/** What came out of one document. */
export interface ParsedDocument {
  readonly blocks: readonly SampleBlock[];
  /** Samples that a filter left out. */
  readonly filtered: number;
  /** What could not be read although something else could, one sentence each. */
  readonly problems: readonly string[];
}

/** A document to parse, and where it lay. */
export interface ParserInput extends Document {
  /** How events and reports name the member. */
  readonly origin: string;
  /** Path of the packed member, which often says more than the document's own name. */
  readonly memberPath: string;
}

/** Reads one vendor's performance files. Keep one per run: it may remember tables between documents. */
export interface ArchiveParser {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages. */
  readonly name: string;
  /** Undefined for a path that is none of this parser's files. Pure. */
  identify(path: string): MemberIdentity | undefined;
  /**
   * Parses one document, wholly in memory. May emit domain events.
   *
   * @throws MillraceError CORRUPT_INPUT when nothing of it can be delivered
   */
  parse(input: ParserInput, context: RunContext): ParsedDocument;
}

declare module "@millrace/core" {
  interface PluginKinds {
    parser: ArchiveParser;
  }
}
