import type { Labels, SeriesTable } from "@millrace/core";
import { MillraceError } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import type {
  ArchiveParser,
  ParsedDocument,
  ParserInput,
  SampleBlock,
} from "../parser/archive-parser.ts";
import { Random } from "./random.ts";

/** A document that a parser is given; `origin` is made up by the suite. */
export type ParserDocument = Omit<ParserInput, "origin">;

/** Samples of one series that a document must deliver. */
export interface ExpectedSeries {
  /** `__name__` included. */
  readonly labels: Labels;
  /** Unix milliseconds. */
  readonly timesMs: readonly number[];
  /** Values after division. */
  readonly values: readonly number[];
}

/** A sound document and everything in it. */
export interface ParserExample extends ParserDocument {
  readonly expected: readonly ExpectedSeries[];
}

/** What {@link describeParser} needs to know of a parser. */
export interface DescribeParserOptions {
  /** Makes the parser; called anew for each check. */
  create(): ArchiveParser;
  /** Sound documents, one or more; small ones, since they are parsed a few thousand times. */
  readonly documents: readonly ParserExample[];
  /** Documents of which nothing can be delivered, one or more. */
  readonly broken: readonly ParserDocument[];
  /** Paths that are none of this parser's. @defaultValue pictures, texts and the like */
  readonly foreignPaths?: readonly string[];
  /** Bytes between two truncations. @defaultValue as many as give about 500 truncations */
  readonly truncateEvery?: number;
  /** Random documents and random changes of sound ones. @defaultValue 300 of each */
  readonly randomRuns?: number;
}

const FOREIGN = ["", "readme.txt", "folder/picture.png", "log", "a.tgz.txt", "dat", ".DS_Store"];

interface Check {
  readonly title: string;
  run(options: DescribeParserOptions): void;
}

/** The rules of the parser contract, in the order in which {@link describeParser} tests them. */
export const parserChecks: readonly Check[] = [
  {
    title: "declares its contract version and a name",
    run({ create }) {
      const parser = create();
      expect(parser.apiVersion, "apiVersion").toBe(1);
      expect(parser.name, "a parser needs a name for messages").toMatch(/\S/);
    },
  },
  {
    title: "identifies its own paths, always in the same way",
    run({ create, documents }) {
      const parser = create();
      const first = documents.map(({ memberPath }) => parser.identify(memberPath));
      for (const [i, example] of documents.entries()) {
        for (const path of [example.memberPath, example.path]) {
          expect(parser.identify(path), `${path} is not identified`).toBeDefined();
        }
        parse(parser, example);
        const again = parser.identify(example.memberPath);
        expect(again, "identify() depends on what happened before").toEqual(first[i]);
      }
      const other = documents.map(({ memberPath }) => create().identify(memberPath));
      expect(other, "two parsers identify differently").toEqual(first);
    },
  },
  {
    title: "knows nothing of foreign paths",
    run({ create, foreignPaths = FOREIGN }) {
      for (const path of foreignPaths) {
        expect(create().identify(path), `"${path}" is identified`).toBeUndefined();
      }
    },
  },
  {
    title: "delivers exactly the expected samples",
    run({ create, documents }) {
      const parser = create();
      for (const example of documents) {
        const parsed = parse(parser, example);
        expect(parsed.problems, `problems of ${example.path}`).toEqual([]);
        const expected = samplesOf(example.expected);
        const actual = samplesOf(seriesOf(parsed));
        expect(lacking(actual, expected), `${example.path} lacks samples`).toEqual([]);
        expect(lacking(expected, actual), `${example.path} delivers other samples`).toEqual([]);
      }
    },
  },
  {
    title: "delivers blocks whose sizes agree",
    run({ create, documents }) {
      const parser = create();
      for (const example of documents) {
        for (const block of parse(parser, example).blocks) expectSound(block);
      }
    },
  },
  {
    title: "names every series",
    run({ create, documents }) {
      for (const { table } of documents.flatMap((example) => parse(create(), example).blocks)) {
        for (const labels of table.labels) {
          expect(labels, "a series without a name").toHaveProperty("__name__");
        }
      }
    },
  },
  {
    title: "gives equal columns the same table object",
    run({ create, documents }) {
      const parser = create();
      const context = testContext();
      const tables = new Map<string, SeriesTable>();
      // Twice, so that even a single document has one to compare with.
      for (const example of [...documents, ...documents]) {
        for (const { table } of parse(parser, example, context).blocks) {
          const known = tables.get(table.id);
          expect(known?.labels ?? table.labels, `one id for two tables`).toEqual(table.labels);
          tables.set(table.id, known ?? table);
          const key = JSON.stringify([table.labels, [...(table.divisors ?? [])]]);
          const equal = tables.get(key) ?? table;
          tables.set(key, equal);
          expect(equal === table, `${example.path}: an equal table is another object`).toBe(true);
        }
      }
    },
  },
  {
    title: "refuses broken documents with CORRUPT_INPUT and stays usable",
    run({ create, documents, broken }) {
      const parser = create();
      const context = testContext();
      for (const [i, document] of broken.entries()) {
        const name = `broken document ${i} (${document.path})`;
        const problem = complaint(name, () => parse(parser, document, context));
        expect(problem, `${name} was parsed`).toBeDefined();
        expect(problem?.code, `${name}: ${problem?.message}`).toBe("CORRUPT_INPUT");
        for (const example of documents) {
          const lost = lacking(
            samplesOf(seriesOf(parse(parser, example, context))),
            samplesOf(example.expected),
          );
          expect(lost, `${example.path} lacks samples after ${name}`).toEqual([]);
        }
      }
    },
  },
  {
    title: "delivers of a truncated document only what the whole one has",
    run(options) {
      const parser = options.create();
      for (const example of options.documents) {
        const whole = samplesOf(example.expected);
        for (const length of truncations(example.bytes.length, options.truncateEvery)) {
          const at = `${example.path}, cut to ${length} bytes,`;
          const bytes = Uint8Array.from(example.bytes.subarray(0, length));
          const delivered = delivery(parser, { ...example, bytes }, at);
          if (delivered === undefined) continue;
          expect(lacking(whole, delivered), `${at} delivers samples of its own`).toEqual([]);
        }
      }
    },
  },
  {
    title: "reads nothing outside the bytes that it is given",
    run(options) {
      const parser = options.create();
      for (const example of options.documents) {
        const { length } = example.bytes;
        // The document lies at an odd place, and behind each cut the rest of it goes on.
        const memory = new Uint8Array(length + 300).fill(0x5a);
        memory.set(example.bytes, 3);
        for (const cut of [length, ...truncations(length, options.truncateEvery)]) {
          const at = `${example.path}, cut to ${cut} bytes,`;
          const view = memory.subarray(3, 3 + cut);
          const inside = delivery(parser, { ...example, bytes: view }, at);
          const copy = Uint8Array.from(view);
          const alone = delivery(parser, { ...example, bytes: copy }, at);
          expect(inside?.size, `${at} is read beyond its end`).toBe(alone?.size);
          expect(lacking(alone ?? new Map(), inside ?? new Map()), at).toEqual([]);
        }
        const untouched = memory.subarray(3, 3 + length);
        expect(Buffer.compare(untouched, example.bytes), "the input was changed").toBe(0);
      }
    },
  },
  {
    title: "survives random documents and random changes of sound ones",
    run({ create, documents, randomRuns = 300 }) {
      const random = new Random(1);
      const parser = create();
      for (let i = 0; i < randomRuns; i++) {
        const example = documents[i % documents.length] as ParserExample;
        const noise = Uint8Array.from({ length: random.next() % 2_000 }, () => random.next());
        delivery(parser, { ...example, bytes: noise }, `random document ${i}`);
        const changed = Uint8Array.from(example.bytes);
        for (let n = random.next() % 4; n >= 0; n--) {
          changed[random.next() % changed.length] = random.next();
        }
        delivery(parser, { ...example, bytes: changed }, `random change ${i} of ${example.path}`);
      }
    },
  },
];

/**
 * Registers the tests of the parser contract with Vitest: identities, exact samples, equal tables,
 * damage of every kind.
 *
 * @param label - title of the group
 * @example
 * ```ts no-run
 * import { oceanstor } from "@millrace/ingest";
 * import { describeParser } from "@millrace/ingest/testing";
 *
 * const path = "PerfData_D_SN_2102355ABC_SP0_0_20251020001500.dat";
 * describeParser("oceanstor", {
 *   create: () => oceanstor(),
 *   documents: [], // sound ones, with the samples in them
 *   broken: [{ path, memberPath: path, bytes: new Uint8Array(10) }],
 * });
 * ```
 */
export function describeParser(label: string, options: DescribeParserOptions): void {
  describe(label, () => {
    it("is given documents to be tested with", () => {
      expect(options.documents.length, "sound documents").toBeGreaterThan(0);
      expect(options.broken.length, "broken documents").toBeGreaterThan(0);
    });
    for (const check of parserChecks) it(check.title, () => check.run(options));
  });
}

/** A multiset of samples. */
type Samples = Map<string, number>;

function parse(
  parser: ArchiveParser,
  { path, memberPath, bytes }: ParserDocument,
  context = testContext(),
): ParsedDocument {
  return parser.parse({ path, memberPath, bytes, origin: memberPath }, context);
}

/** What a document delivers, or undefined where the parser refuses it as it should. */
function delivery(
  parser: ArchiveParser,
  document: ParserDocument,
  at: string,
): Samples | undefined {
  let parsed: ParsedDocument | undefined;
  const problem = complaint(at, () => {
    parsed = parse(parser, document);
  });
  if (problem !== undefined) {
    expect(problem.code, `${at} is refused: ${problem.message}`).toBe("CORRUPT_INPUT");
  }
  if (parsed === undefined) return undefined;
  for (const block of parsed.blocks) expectSound(block);
  return samplesOf(seriesOf(parsed));
}

/** The error of a call that fails as plugins should; any other error is a crash. */
function complaint(at: string, call: () => unknown): MillraceError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (MillraceError.is(error)) return error;
    throw new Error(`${at} crashes the parser: ${String(error)}`, { cause: error });
  }
}

function expectSound({
  table,
  columns,
  columnCount,
  rowCount,
  cells,
  ...times
}: SampleBlock): void {
  const size = rowCount * columnCount * (cells.type === "int32" ? 4 : 8);
  expect(cells.bytes.length, "bytes of rowCount x columnCount cells").toBe(size);
  const wanted = columns?.length ?? columnCount;
  expect(table.labels.length, "series of the table, one a column").toBe(wanted);
  expect(table.divisors?.length ?? wanted, "divisors, one a series").toBe(wanted);
  for (const column of columns ?? []) expect(column).toBeLessThan(columnCount);
  expect(times.startMs, "startMs").toSatisfy(Number.isFinite);
  expect(times.stepMs, "stepMs").toBeGreaterThan(0);
}

function* seriesOf({ blocks }: ParsedDocument): Generator<ExpectedSeries> {
  for (const { table, columns, columnCount, rowCount, cells, startMs, stepMs } of blocks) {
    const view = new DataView(cells.bytes.buffer, cells.bytes.byteOffset, cells.bytes.length);
    const timesMs = Array.from({ length: rowCount }, (_, row) => startMs + row * stepMs);
    for (const [i, labels] of table.labels.entries()) {
      const divisor = table.divisors?.[i] ?? 1;
      const values = timesMs.map((_, row) => {
        const cell = row * columnCount + (columns?.[i] ?? i);
        const raw =
          cells.type === "int32" ? view.getInt32(cell * 4, true) : view.getFloat64(cell * 8, true);
        return raw / divisor;
      });
      yield { labels, timesMs, values };
    }
  }
}

function samplesOf(series: Iterable<ExpectedSeries>): Samples {
  const samples: Samples = new Map();
  for (const { labels, timesMs, values } of series) {
    const name = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const [i, timeMs] of timesMs.entries()) {
      const key = `${name} ${timeMs} ${values[i]}`;
      samples.set(key, (samples.get(key) ?? 0) + 1);
    }
  }
  return samples;
}

/** Samples of `wanted` that `samples` has not; the first few. */
function lacking(samples: Samples, wanted: Samples): readonly string[] {
  return [...wanted]
    .filter(([key, count]) => (samples.get(key) ?? 0) < count)
    .slice(0, 3)
    .map(([key]) => key);
}

function* truncations(
  length: number,
  every = Math.max(1, Math.ceil(length / 500)),
): Generator<number> {
  for (let cut = 0; cut < length; cut += every) yield cut;
}
