/** How the file of one resource type looks, apart from its metrics. */
export interface ResourceForm {
  /** First field of the header and of every row. */
  readonly prefix: string;
  /** Name of the file, without what follows `_output`. */
  readonly file: string;
  /** Columns behind the serial number; one without a text shows the name of the element. */
  readonly columns: readonly (readonly [heading: string, text?: string])[];
}

/** Columns of every file, behind the prefix. */
export const COMMON_HEADINGS: readonly string[] = ["#", "BgnDateTime", "EndDateTime", "Serial"];

/**
 * What the tool PerfMonkey reads, as the parser of the vendor's archives has always made it for it:
 * names of files, prefixes and columns, some of which never hold anything but one text.
 */
const FORMS: Readonly<Record<string, ResourceForm>> = {
  Controller: { prefix: "CPUPERF", file: "cpu", columns: [["Slot"], ["Type", "'CPU'"]] },
  Disk: {
    prefix: "RGPERF",
    file: "disk",
    columns: [["MpCnt", "'1'"], ["Rg"], ["PgCnt", "'1'"], ["LdCnt", "'1'"], ["Alias", "'-'"]],
  },
  LUN: {
    prefix: "LDEVPERF",
    file: "lun",
    columns: [["DefMp", "'?'"], ["DaCnt", "'1'"], ["Rg", "'01-01'"], ["Ld"], ["Alias", "'-'"]],
  },
  Host: {
    prefix: "HAPERF",
    file: "host",
    columns: [["DefMp", "'1'"], ["DaCnt", "'1'"], ["RgCnt", "'1'"], ["PgCnt", "'1'"], ["Alias"]],
  },
  "FC Port": {
    prefix: "PORTPERF",
    file: "fcp",
    columns: [["Slot", "'1'"], ["Port"], ["Mode", "'Tgt'"], ["Alias", "'---'"]],
  },
  "Storage Pool": {
    prefix: "POOLPERF",
    file: "pool",
    columns: [["Mode", "'AOU'"], ["Alias"], ["State", "'POLN'"], ["Alias2"]],
  },
  "Disk Domain": { prefix: "DISKDOMAIN", file: "disk_domain", columns: [["Domain"], ["Alias"]] },
  "FC Replication Link": {
    prefix: "FCREPLLINK",
    file: "fc_repl_link",
    columns: [["Link"], ["Alias"]],
  },
};

/** The form of a resource type; one that PerfMonkey does not know gets one column with the element. */
export function resourceForm(resource: string): ResourceForm {
  return Object.hasOwn(FORMS, resource)
    ? (FORMS[resource] as ResourceForm)
    : {
        prefix: resource.toUpperCase().replace(/[^A-Z0-9]/g, "") || "OTHER",
        file: fileWord(resource.toLowerCase()) || "other",
        columns: [["Element"]],
      };
}

/** A text as part of a file name, on any system: letters, digits and underscores. */
export function fileWord(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, "_").slice(0, LONGEST_WORD);
}

const LONGEST_WORD = 80;
