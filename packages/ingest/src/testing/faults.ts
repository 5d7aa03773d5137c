/**
 * What became of a file, judged by what a careful reader must do with it: `ok` = everything
 * delivered without complaint, `partial` = some samples delivered and damage reported, `failed` =
 * an error and no sample, `skipped` = passed over on purpose.
 */
export type FileOutcome = "ok" | "partial" | "failed" | "skipped";

/** One kind of fault or oddity of a period file. */
export type FaultKind =
  /** The last block ends in the middle of a row; the rows before it count. */
  | "truncated-last-block"
  /** Behind the last block the head of another begins and the file ends. */
  | "truncated-second-header"
  /** One flipped bit in the middle of the compressed data. */
  | "corrupt-gzip"
  /** One flipped bit in the CRC behind the compressed data, which is whole. */
  | "corrupt-gzip-crc"
  /** The map of the last block is no JSON. */
  | "corrupt-map"
  /** A `.dat` of 100 bytes. */
  | "short-dat"
  /** A `.dat` of no bytes. */
  | "empty-dat"
  /** Serial and equipment name of the fixed header are no UTF-8. */
  | "non-utf8-header"
  /** A `.tgz` of no bytes. */
  | "empty-tgz"
  /** A `.tgz` that is a text. */
  | "fake-tgz"
  /** Adds `__MACOSX/._….tgz` beside the file, which itself is whole. */
  | "macosx"
  /** A first block whose EndTime is before its StartTime; the next ones are read. */
  | "end-before-start"
  /** The last block says `Archive` = 0. */
  | "zero-archive"
  /** EndTime half an interval late; the number of rows is rounded down. */
  | "span-not-multiple"
  /** A first block with `"Map":{}`; the next ones are read. */
  | "empty-map"
  /** A resource without an element in the middle of the map. */
  | "empty-ids"
  /** The first block says that its length is 0x7fffffff. */
  | "length-huge"
  /** The first block says that its length is -1. */
  | "length-negative"
  /** The first block says that its length is 7, less than its own head. */
  | "length-7"
  /** 512 zero bytes behind the last row. */
  | "trailing-zeros"
  /** Other bytes behind the last row: no block, but rows may have been there. */
  | "trailing-garbage"
  /** Behind the last block the head of another, of type 1. */
  | "foreign-block"
  /** The last block's EndTime is one interval early, so that one row is left over. */
  | "end-too-early"
  /** The times of the file begin in 1970. */
  | "clock-unset"
  /** The times of the last block are 1,000 years late. */
  | "far-future"
  /** An element name of 20,000 characters. */
  | "huge-name"
  /** The tar ends with its member, without the blocks of zeros. */
  | "tar-without-end"
  /** Two `.dat` in one `.tgz`: the first half of the rows and the rest. */
  | "two-dat"
  /** The `.dat` lies in a folder of the tar. */
  | "dat-in-subfolder"
  /** The stamp in the name ends in `DST`. */
  | "dst-name"
  /** The four scalars of the map are quoted. */
  | "quoted-scalars"
  /** Element names of 250 characters. */
  | "long-names"
  /** INT_MIN, INT_MAX and -1 among the samples; all are values. */
  | "extreme-values"
  /** Blanks and line ends in the map. */
  | "blanks-in-map"
  /** `.TGZ`. */
  | "upper-case-extension"
  /** Adds a copy of the file in another folder. */
  | "duplicate-copy"
  /** The first element has the name `""`. */
  | "empty-element-name"
  /** The member of the tar is `../../….dat`. Delivered, as nothing is written to disk. */
  | "slip-name"
  /** Keys of the map in another order than usual; the order of resources stays. */
  | "reordered-keys";

/**
 * The outcome due to each kind. `last` means: `failed` when the damaged block is the only one with
 * samples to deliver, `partial` when there are samples before the damage.
 */
const outcomes: Readonly<Record<FaultKind, FileOutcome | "last">> = {
  "truncated-last-block": "last",
  "truncated-second-header": "partial",
  "corrupt-gzip": "failed",
  "corrupt-gzip-crc": "failed",
  "corrupt-map": "last",
  "short-dat": "failed",
  "empty-dat": "failed",
  "non-utf8-header": "ok",
  "empty-tgz": "failed",
  "fake-tgz": "failed",
  macosx: "skipped",
  "end-before-start": "ok",
  "zero-archive": "last",
  "span-not-multiple": "ok",
  "empty-map": "ok",
  "empty-ids": "ok",
  "length-huge": "failed",
  "length-negative": "failed",
  "length-7": "failed",
  "trailing-zeros": "ok",
  "trailing-garbage": "partial",
  "foreign-block": "partial",
  "end-too-early": "last",
  "clock-unset": "failed",
  "far-future": "last",
  "huge-name": "failed",
  "tar-without-end": "partial",
  "two-dat": "ok",
  "dat-in-subfolder": "ok",
  "dst-name": "ok",
  "quoted-scalars": "ok",
  "long-names": "ok",
  "extreme-values": "ok",
  "blanks-in-map": "ok",
  "upper-case-extension": "ok",
  "duplicate-copy": "skipped",
  "empty-element-name": "ok",
  "slip-name": "ok",
  "reordered-keys": "ok",
};

/** Where a fault goes. */
export interface FaultPlan {
  readonly kind: FaultKind;
  /**
   * Index of the period file in generation order, files added by other faults not counted.
   * Default: the position of this plan in the list. A file takes one fault.
   */
  readonly file?: number;
}

/** All kinds of faults, e.g. to build an archive that has each of them. */
export const faultKinds: readonly FaultKind[] = Object.keys(outcomes) as FaultKind[];

/** The outcome due to a fault; for the kinds that add a file, that of the added file. */
export function outcomeOf(kind: FaultKind, blocksKept: number): FileOutcome {
  const outcome = outcomes[kind];
  if (outcome === "last") return blocksKept > 0 ? "partial" : "failed";
  return outcome;
}
