import { describe, expect, it } from "vitest";
import type { SinkOutcome } from "./command-sink.ts";
import { type CommandReport, describeProblems, describeReport } from "./report-text.ts";
import type { VerifiedArray } from "./verify.ts";

const nothing: SinkOutcome = { rejected: 0, warnings: [], failures: [], outputs: [], lines: [] };
const startMs = Date.UTC(2025, 9, 20);

const whole: CommandReport = {
  complete: true,
  files: filesOf({}),
  samples: {
    parsed: 4_966_200,
    accepted: 4_966_200,
    durable: 4_966_200,
    filtered: 0,
    rejected: 0,
  },
  series: 8_277,
  unknown: { metrics: [], resources: [] },
  sharedNames: [],
  warnings: [],
  bytes: 4_325_348,
  elapsedMs: 2_500,
  arrays: [
    {
      serial: "2102A",
      model: "OceanStor_Dorado_6000_V6",
      controllers: ["SP0", "SP1"],
      timeRangeMs: [startMs, startMs + 86_340_000],
      intervalSeconds: 60,
      intervals: [60],
      samples: 4_966_200,
      series: 8_277,
    },
  ],
  cpuMs: 1_490,
  peakRssBytes: 126e6,
  database: {
    version: null,
    cpuMs: 3_200,
    ceilingRatio: 0.871,
    samplesPerSecond: 2_345_678,
    acceptedMs: 2_117,
    durableMs: 2_400,
    requests: 88,
    sentBytes: 91e6,
    retries: 0,
  },
  outputs: [],
  dryRun: false,
};

const note = (file: string, ...problems: string[]) => ({ file, problems });

describe("the summary of a load", () => {
  it("says what is there, from where to when, how fast and at what cost", () => {
    expect(describeReport(whole, nothing)).toBe(`Loaded.

  files         80 of 80 ok
  samples       4,966,200 read, 4,966,200 accepted, 4,966,200 durable
  series        8,277
  array         2102A OceanStor_Dorado_6000_V6, 2025-10-20 00:00 to 2025-10-20 23:59 UTC, every 60 s
  speed         2.35 M samples/s, accepted after 2.12 s, durable after 2.40 s
  sent          88 requests, 91 MB
  database      worked 87 % of its cores' time (3.20 CPU-s); 100 % is its own limit
  this process  1.49 CPU-s, 0.300 per million samples, peak memory 126 MB
`);
  });

  it.each<[string, Partial<CommandReport>, boolean]>([
    ["Loaded, but not everything.", { complete: false }, false],
    ["Loaded, but the database does not hold everything.", { verified: [missingOne()] }, false],
    [
      "Loaded; the verification could not be done.",
      { complete: false, verifyError: "answered 500" },
      false,
    ],
    [
      "Loaded; the verification was interrupted.",
      { complete: false, verifyError: "Interrupted." },
      true,
    ],
    [
      "Loaded, but not everything; the verification could not be done.",
      {
        complete: false,
        verifyError: "answered 500",
        files: filesOf({ ok: 79, failed: [note("a.tgz", "is damaged.")] }),
      },
      false,
    ],
    ["Loaded.", {}, true],
    ["Nothing was loaded.", { samples: { ...whole.samples, parsed: 0, accepted: 0 } }, false],
    ["Not loaded.", { error: "no", samples: { ...whole.samples, accepted: 0 } }, false],
    ["Loaded only in part.", { error: "no", complete: false }, false],
    ["Dry run: everything can be sent.", { dryRun: true }, false],
    ["Dry run: not everything can be sent.", { dryRun: true, complete: false }, false],
    ["Interrupted; what was accepted until then stays where it is.", { error: "stop" }, true],
    ["Interrupted; nothing was loaded.", { dryRun: true, error: "stop" }, true],
  ])("begins with: %s", (headline, changes, interrupted) => {
    const text = describeReport({ ...whole, ...changes }, nothing, interrupted);
    expect(text.split("\n")[0]).toBe(headline);
  });

  it("counts what was left out and what was refused", () => {
    const samples = { ...whole.samples, filtered: 1_000, rejected: 5, accepted: 4_966_195 };
    expect(describeReport({ ...whole, samples }, nothing)).toContain(
      "4,966,195 accepted, 4,966,200 durable, 1,000 filtered out, 5 rejected",
    );
  });

  it("names files with their problem, ten at most, and a path only once", () => {
    const failed = Array.from({ length: 12 }, (_, i) =>
      note(`a.zip!${i}.tgz`, "Broken.", "Twice."),
    );
    const skipped = [note("/tmp/a.txt", "/tmp/a.txt is no archive.")];
    const files = filesOf({ total: 93, partial: [note("p.tgz", "Cut.")], failed, skipped });
    const text = describeReport({ ...whole, files, complete: false }, nothing);
    expect(text).toContain("80 of 93 ok, 1 partly, 12 failed, 1 skipped");
    expect(text).toContain("\n  Failed:\n    a.zip!0.tgz: Broken. Twice.\n");
    expect(text).toContain("a.zip!9.tgz");
    expect(text).not.toContain("a.zip!10.tgz");
    expect(text).toContain("    and 2 more; --report <file> names them.\n");
    expect(text).toContain("\n  Partly read:\n    p.tgz: Cut.\n");
    expect(text).toContain("\n  Skipped:\n    /tmp/a.txt is no archive.\n");
  });

  it("does not call failed what was only under way when the run ended", () => {
    const files = filesOf({ ok: 0, failed: [note("a.tgz", "Read, but not accepted.")] });
    const text = describeReport({ ...whole, files, error: "gone", complete: false }, nothing);
    expect(text).toContain("0 of 80 ok, 1 not finished");
    expect(text).toContain("\n  Not finished:\n    a.tgz:");
    expect(text).not.toMatch(/failed/i);
  });

  it("points out unknown ids, shared names and warnings", () => {
    const text = describeReport(
      {
        ...whole,
        unknown: { metrics: [99_001, 99_002], resources: [7_777] },
        sharedNames: [{ resource: "LUN", series: "huawei_usage_percent", metricIds: [18, 67] }],
        warnings: ["The disk is nearly full."],
      },
      nothing,
    );
    expect(text).toContain(
      "! Unknown metric ids, loaded as huawei_unknown_metric_<id>: 99001, 99002",
    );
    expect(text).toContain("! Unknown resource ids, loaded as UNKNOWN_RESOURCE_<id>: 7777");
    expect(text).toContain("! LUN: metric ids 18, 67 share the name huawei_usage_percent;");
    expect(text).toContain("! The disk is nearly full.");
  });

  it("tells what a dry run would send, and no speed", () => {
    const text = describeReport({ ...whole, dryRun: true }, nothing);
    expect(text).toMatch(/to send +88 requests, 91 MB/);
    expect(text).not.toMatch(/speed|accepted/);
  });

  it("tells retries, verification, further lines, and no cost of a handful of samples", () => {
    const text = describeReport(
      {
        ...whole,
        samples: { ...whole.samples, parsed: 3_300 },
        verified: [
          {
            ...missingOne(),
            serial: "2102A",
            before: 2,
            found: 12,
            missing: 0,
            verdict: "complete",
          },
          missingOne(),
          { ...missingOne(), serial: "2102C", before: 5, found: 9, verdict: "inconclusive" },
          { ...missingOne(), serial: "2102D", found: 10, missing: 0, verdict: "different" },
          { ...missingOne(), serial: "2102E", found: 11, missing: 0, verdict: "excess" },
        ],
        database: { ...(whole.database as NonNullable<CommandReport["database"]>), retries: 2 },
      },
      { ...nothing, lines: [["report", "out.html (94 kB)"]] },
    );
    expect(text).toContain("91 MB, tried again 2 times\n");
    expect(text).toMatch(
      /verified +2102A: the database holds all 10 samples, beside 2 that it held before/,
    );
    expect(text).toMatch(
      /verified +2102C: the database already held 5 samples of this range, so 4 more prove nothing of the 10 sent/,
    );
    expect(text).toMatch(/2102D: the database holds 10 samples, as many as were sent, but others/);
    expect(text).toMatch(/2102E: the database holds 11 samples, 1 more than were sent/);
    expect(text).toMatch(/verified +2102B: 1 of 10 samples are missing/);
    expect(text).toMatch(/report +out\.html \(94 kB\)\n/);
    expect(text).not.toContain("per million");
  });
});

describe("the problems of a load", () => {
  it("are nothing when all is well", () => {
    const skipped = [note("a.tgz", "An equal copy of b.tgz.")];
    expect(describeProblems({ ...whole, files: filesOf({ skipped }) })).toBe("");
  });

  it("are damaged files, refused and missing samples", () => {
    const files = filesOf({ failed: [note("a.tgz", "Broken.")] });
    const samples = { ...whole.samples, rejected: 3 };
    expect(describeProblems({ ...whole, files, samples, verified: [missingOne()] })).toBe(
      `millrace: not everything was loaded.

  Failed:
    a.tgz: Broken.
  3 samples rejected.
  2102B: 1 of 10 samples are missing.
`,
    );
  });
});

function missingOne(): VerifiedArray {
  return {
    serial: "2102B",
    sent: 10,
    before: 0,
    found: 9,
    missing: 1,
    extra: 0,
    verdict: "missing",
  };
}

function filesOf(lists: Partial<CommandReport["files"]>): CommandReport["files"] {
  const { partial = [], failed = [], skipped = [] } = lists;
  const counts = { partial: partial.length, failed: failed.length, skipped: skipped.length };
  return { total: 80, ok: 80, ...lists, partial, failed, skipped, counts };
}
