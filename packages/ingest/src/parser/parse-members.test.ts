import { fromItems, MillraceError, type OriginReadEvent, pipeline } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { datBytes, TWO_LUNS } from "../../test/dat-bytes.ts";
import type { UnreadableMember } from "../archive/archive-member.ts";
import type { Document } from "../archive/read-tar.ts";
import type { UnpackedMember } from "../archive/unpack.ts";
import { oceanstor } from "../oceanstor/oceanstor.ts";
import type { ArchiveParser } from "./archive-parser.ts";
import { type OriginBlock, parseMembers } from "./parse-members.ts";

const good = datBytes();
const damaged = datBytes([{}, { text: "no map" }]);
const broken = new Uint8Array(10);

function member(name: string, ...documents: readonly (readonly [string, Uint8Array])[]) {
  return {
    origin: name,
    path: `${name}.tgz`,
    documents: documents.map(([path, bytes]): Document => ({ path, bytes })),
  };
}

async function parsed(
  members: readonly (UnpackedMember | UnreadableMember)[],
  parser: ArchiveParser = oceanstor(),
) {
  const context = testContext();
  const blocks: OriginBlock[] = [];
  for await (const block of pipeline(fromItems(members), parseMembers(parser)).open(context)) {
    blocks.push(block);
  }
  const reads = context.events.filter(
    (event): event is OriginReadEvent => event.type === "origin-read",
  );
  return {
    reads,
    blocks: blocks.map(({ origin, rowCount }) => `${origin} ${rowCount}`),
    said: reads.map(({ origin, outcome, count }) => `${origin} ${outcome} ${count}`),
  };
}

describe("parseMembers", () => {
  it("says exactly once of each member how it went, in order", async () => {
    const error = new MillraceError("CORRUPT_INPUT", "Half of it is missing.");
    const { said, blocks, reads } = await parsed([
      member("good", ["a.dat", good]),
      member("broken", ["a.dat", broken]),
      member("damaged", ["a.dat", damaged]),
      { origin: "unreadable", path: "u.tgz", error },
      member("nothing"),
      member("foreign", ["readme.txt", good]),
      member("two", ["a.dat", good], ["b.dat", good], ["c.txt", broken]),
      member("half", ["a.dat", broken], ["b.dat", good]),
      member("empty", ["a.dat", datBytes([{ map: "{}", values: [] }])]),
      member("hollow", ["a.dat", datBytes([{ map: "{}", values: [] }])], ["b.dat", broken]),
    ]);
    expect(said).toEqual([
      "good ok 12",
      "broken failed 0",
      "damaged partial 12",
      "unreadable failed 0",
      "nothing failed 0",
      "foreign failed 0",
      "two ok 24",
      "half partial 12",
      "empty ok 0",
      "hollow failed 0",
    ]);
    expect(blocks).toEqual(["good 3", "damaged 3", "two 3", "two 3", "half 3"]);
    const problems = Object.fromEntries(reads.map((read) => [read.origin, read.problems]));
    expect(problems["unreadable"]).toEqual(["Half of it is missing."]);
    expect(problems["nothing"]).toEqual([
      'nothing.tgz holds no file that parser "oceanstor" reads.',
    ]);
    expect(problems["good"]).toEqual([]);
    expect(problems["half"]).toHaveLength(1);
  });

  it("calls a member partial of which something may be missing, whatever is in it", async () => {
    const problems = ["Cut."];
    const { reads } = await parsed([
      { ...member("cut", ["a.dat", good]), problems },
      { ...member("empty"), problems },
    ]);
    expect(reads).toMatchObject([
      { outcome: "partial", count: 12, problems },
      { outcome: "failed", count: 0, problems },
    ]);
  });

  it("passes over what macOS puts into tars", async () => {
    const { said } = await parsed([
      member("mac", ["./._a.dat", broken], ["__MACOSX/a.dat", broken], ["./a.dat", good]),
      member("only", ["._a.dat", broken]),
    ]);
    expect(said).toEqual(["mac ok 12", "only failed 0"]);
  });

  it("counts what a filter left out, and calls a damaged file without a wanted metric partial", async () => {
    const { reads } = await parsed(
      [member("good", ["a.dat", good]), member("damaged", ["a.dat", damaged])],
      oceanstor({ metrics: [18] }),
    );
    expect(reads).toMatchObject([
      { outcome: "ok", count: 6, filtered: 6 },
      { outcome: "partial", count: 6, filtered: 6 },
    ]);
    const none = await parsed([member("damaged", ["a.dat", damaged])], oceanstor({ metrics: [5] }));
    expect(none.reads).toMatchObject([{ outcome: "partial", count: 0, filtered: 12 }]);
  });

  it("names a parser that crashes, and goes on", async () => {
    const parser = oceanstor();
    const { reads } = await parsed(
      [member("a", ["crash.dat", good]), member("b", ["b.dat", good])],
      {
        ...parser,
        parse(input, context) {
          if (input.path === "crash.dat") throw new TypeError("x is not a function");
          return parser.parse(input, context);
        },
      },
    );
    expect(reads).toMatchObject([
      { outcome: "failed", problems: ["Parsing crash.dat failed: x is not a function"] },
      { outcome: "ok" },
    ]);
  });

  it("gives the parser the paths of member and document", async () => {
    const serial = "PerfData_SN_FROMTHEMEMBER_SP0_0_20251020001500";
    const context = testContext();
    const input = fromItems([member(serial, ["a.dat", datBytes([{ map: TWO_LUNS }])])]);
    for await (const block of pipeline(input, parseMembers(oceanstor())).open(context)) {
      expect(block.table.labels[0]).toMatchObject({ SN: "FROMTHEMEMBER" });
    }
    expect(context.events).toHaveLength(3);
  });

  it("releases a member once its blocks were taken", async () => {
    const steps: string[] = [];
    const releasing = ["a", "b"].map((name) => ({
      ...member(name, ["a.dat", good], ["b.dat", broken]),
      release: () => steps.push(`release ${name}`),
    }));
    const flow = pipeline(fromItems<UnpackedMember>(releasing), parseMembers(oceanstor()));
    for await (const block of flow) steps.push(`take ${block.origin}`);
    expect(steps).toEqual(["take a", "release a", "take b", "release b"]);
  });
});
