import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uPlotLicense, uPlotVersion } from "./page-assets.ts";
import { renderPage } from "./render-page.ts";
import type { ReportData } from "./report-data.ts";

const empty: ReportData = {
  title: "t",
  writtenMs: 0,
  samples: 0,
  trackedSeries: 0,
  droppedSeries: 0,
  p95Error: 0.016,
  arrays: [],
};

describe("renderPage", () => {
  const plain = renderPage(empty);

  it("holds no text that ends its element, whatever the archive says", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "</script><script>alert(1)</script>",
        "<!--",
        "]]>",
        "\u2028\u2029",
        "\\u003c",
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (title, serial) => {
        const page = renderPage({ ...empty, title, arrays: [arrayNamed(serial)] });
        expect(countOf(page, "<")).toBe(countOf(plain, "<"));
        const json = page.match(/id="report-data">([^<]*)</)?.[1] ?? "";
        expect(json).not.toMatch(/[&\u2028\u2029]/);
        const read = JSON.parse(json) as ReportData;
        expect(read.title).toBe(title);
        expect(read.arrays[0]?.serial).toBe(serial);
      }),
    );
  });

  it("forbids the network and every other script", () => {
    const policy = plain.match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(plain).not.toMatch(/(src|href)="(?!data:)/);
  });

  it("keeps the license of uPlot", () => {
    expect(plain).toContain(uPlotLicense);
    expect(uPlotLicense).toContain("MIT");
    expect(plain).toContain(`uPlot (v${uPlotVersion})`);
  });
});

describe("page-assets.ts", () => {
  it("is what scripts/make-report-assets.mjs makes of the installed uPlot and of page/", async () => {
    const script = fileURLToPath(new URL("../../scripts/make-report-assets.mjs", import.meta.url));
    await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toBeDefined();
  });
});

function arrayNamed(serial: string): ReportData["arrays"][number] {
  return {
    serial,
    samples: 0,
    firstMs: 0,
    lastMs: 0,
    intervals: [],
    leftOut: 0,
    bucketStartMs: 0,
    bucketMs: 1,
    bucketCount: 0,
    resources: [],
  };
}

function countOf(text: string, part: string): number {
  return text.split(part).length;
}
