import { MillraceError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import type { ArchiveParser, ParsedDocument, SampleBlock } from "../parser/archive-parser.ts";
import { type DescribeParserOptions, describeParser, parserChecks } from "./describe-parser.ts";

/** A format for tests: "TST", the number of columns, then rows of int32, one a second. */
function honest(): ArchiveParser {
  const tables = new Map<number, SampleBlock["table"]>();
  return {
    apiVersion: 1,
    name: "test",
    identify: (path) => (path.endsWith(".tst") ? { stream: "", order: path } : undefined),
    parse({ bytes }) {
      const columnCount = bytes[3] ?? 0;
      const magic = Buffer.from(bytes.subarray(0, 3)).toString("latin1");
      if (magic !== "TST" || columnCount === 0) throw new MillraceError("CORRUPT_INPUT", "no TST");
      const table = tables.get(columnCount) ?? {
        id: `${columnCount}`,
        labels: Array.from({ length: columnCount }, (_, i) => ({ __name__: `column_${i}` })),
      };
      tables.set(columnCount, table);
      const rowCount = Math.floor((bytes.length - 4) / (columnCount * 4));
      const cells = { type: "int32", bytes: bytes.subarray(4, 4 + rowCount * columnCount * 4) };
      const block: SampleBlock = {
        table,
        columnCount,
        rowCount,
        cells: cells as SampleBlock["cells"],
        startMs: 0,
        stepMs: 1_000,
      };
      return { blocks: [block], filtered: 0, problems: [] };
    },
  };
}

const path = "a.tst";
const options: Omit<DescribeParserOptions, "create"> = {
  documents: [
    {
      path,
      memberPath: path,
      bytes: Buffer.from([84, 83, 84, 2, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]),
      expected: [
        { labels: { __name__: "column_0" }, timesMs: [0, 1_000], values: [1, 3] },
        { labels: { __name__: "column_1" }, timesMs: [0, 1_000], values: [2, 4] },
      ],
    },
  ],
  broken: [{ path, memberPath: path, bytes: Buffer.from("nothing") }],
};

describeParser("describeParser: an honest parser", { ...options, create: honest });

/** Which checks a parser fails, and the first line of what they say. */
function failures(create: () => ArchiveParser): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { title, run } of parserChecks) {
    try {
      run({ ...options, create });
    } catch (error) {
      found[title] = (error as Error).message.split("\n")[0] as string;
    }
  }
  return found;
}

/** An honest parser with its results changed. */
function changed(change: (parsed: ParsedDocument) => ParsedDocument): () => ArchiveParser {
  return () => {
    const parser = honest();
    return { ...parser, parse: (input, context) => change(parser.parse(input, context)) };
  };
}

const changedBlock = (change: (block: SampleBlock) => SampleBlock): (() => ArchiveParser) =>
  changed((parsed) => ({ ...parsed, blocks: parsed.blocks.map(change) }));

const sizes = "delivers blocks whose sizes agree";
const exact = "delivers exactly the expected samples";
const truncated = "delivers of a truncated document only what the whole one has";
const outside = "reads nothing outside the bytes that it is given";
const survives = "survives random documents and random changes of sound ones";
const refuses = "refuses broken documents with CORRUPT_INPUT and stays usable";

describe("parserChecks", () => {
  it("let an honest parser pass", () => {
    expect(failures(honest)).toEqual({});
  });

  it("catch a parser without a name", () => {
    const found = failures(() => ({ ...honest(), name: " " }));
    expect(Object.values(found)).toEqual([
      expect.stringContaining("a parser needs a name for messages"),
    ]);
  });

  it("catch an identify that is not pure", () => {
    let calls = 0;
    const found = failures(() => ({
      ...honest(),
      identify: (name) => (name.endsWith(".tst") ? { stream: "", order: `${calls++}` } : undefined),
    }));
    expect(Object.values(found)).toEqual([
      expect.stringContaining("identify() depends on what happened before"),
    ]);
  });

  it("catch an identify that knows everything", () => {
    const found = failures(() => ({ ...honest(), identify: () => ({ stream: "", order: "" }) }));
    expect(found).toEqual({
      "knows nothing of foreign paths": expect.stringContaining('"" is identified'),
    });
  });

  it("catch a parser that shifts its columns", () => {
    const found = failures(
      changedBlock((block) => ({
        ...block,
        columns: Uint32Array.of(1, 0).subarray(0, block.columnCount),
      })),
    );
    expect(found[exact]).toContain("a.tst lacks samples");
  });

  it("catch wrong sizes", () => {
    const found = failures(changedBlock((block) => ({ ...block, rowCount: block.rowCount - 1 })));
    expect(found[sizes]).toContain("bytes of rowCount x columnCount cells");
  });

  it("catch a series without a name", () => {
    const found = failures(
      changedBlock((block) => ({
        ...block,
        table: { ...block.table, labels: block.table.labels.map(() => ({ a: "b" })) },
      })),
    );
    expect(found["names every series"]).toContain("a series without a name");
  });

  it("catch a fresh table for each document", () => {
    const found = failures(changedBlock((block) => ({ ...block, table: { ...block.table } })));
    expect(found).toEqual({
      "gives equal columns the same table object": expect.stringContaining(
        "a.tst: an equal table is another object",
      ),
    });
  });

  it("catch a parser that delivers nothing instead of refusing", () => {
    const found = failures(() => {
      const parser = honest();
      return {
        ...parser,
        parse(input, context) {
          try {
            return parser.parse(input, context);
          } catch {
            return { blocks: [], filtered: 0, problems: ["broken"] };
          }
        },
      };
    });
    expect(found).toEqual({
      [refuses]: expect.stringContaining("broken document 0 (a.tst) was parsed"),
    });
  });

  it("catch a parser that crashes", () => {
    const found = failures(() => {
      const parser = honest();
      return {
        ...parser,
        parse(input, context) {
          if (input.bytes.length < 4) new DataView(input.bytes.buffer, 3, 1e9);
          return parser.parse(input, context);
        },
      };
    });
    expect(Object.keys(found)).toEqual([truncated, outside, survives]);
    expect(found[truncated]).toContain("a.tst, cut to 0 bytes, crashes the parser: RangeError");
  });

  it("catch a parser that is spoilt by a broken document", () => {
    const found = failures(() => {
      const parser = honest();
      let spoilt = false;
      return {
        ...parser,
        parse(input, context) {
          if (spoilt) return { blocks: [], filtered: 0, problems: [] };
          try {
            return parser.parse(input, context);
          } catch (error) {
            spoilt = true;
            throw error;
          }
        },
      };
    });
    expect(found[refuses]).toContain("a.tst lacks samples after broken document 0 (a.tst)");
  });

  it("catch a parser that fills up what is not there", () => {
    const found = failures(() => {
      const parser = honest();
      return {
        ...parser,
        parse: (input, context) => {
          const padded = new Uint8Array(4 + Math.ceil((input.bytes.length - 4) / 8) * 8 || 0);
          if (input.bytes.length < 4) return parser.parse(input, context);
          padded.set(input.bytes);
          return parser.parse({ ...input, bytes: padded }, context);
        },
      };
    });
    expect(Object.keys(found)).toEqual([truncated]);
    expect(found[truncated]).toContain("delivers samples of its own");
  });

  it("catch a parser that reads beyond its bytes", () => {
    const found = failures(() => {
      const parser = honest();
      return {
        ...parser,
        parse(input, context) {
          const { buffer, byteOffset, length } = input.bytes;
          const most = buffer.byteLength - byteOffset;
          const bytes = new Uint8Array(buffer, byteOffset, Math.min(length + 4, most));
          return parser.parse({ ...input, bytes }, context);
        },
      };
    });
    expect(found[outside]).toMatch(/a\.tst, cut to \d+ bytes, is read beyond its end/);
  });
});
