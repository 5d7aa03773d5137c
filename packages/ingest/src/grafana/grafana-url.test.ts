import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grafanaDashboards } from "./grafana-dashboards.ts";
import { grafanaUrl } from "./grafana-url.ts";

const RANGE = { fromMs: Date.UTC(2025, 9, 20), toMs: Date.UTC(2025, 9, 21) };
const AT = { grafanaUrl: "http://localhost:3000", ...RANGE };

describe("grafanaUrl", () => {
  it("is the address that links have always had", () => {
    expect(grafanaUrl({ ...AT, serials: ["2102355THQFSQ2100014"], intervalSeconds: 60 })).toBe(
      "http://localhost:3000/d/huawei-oceanstor-real/huawei-oceanstor?var-SN=2102355THQFSQ2100014&var-min_interval=60&from=1760918400000&to=1761004800000",
    );
  });

  it("names the main dashboard of either naming", () => {
    for (const naming of ["seed", "clean"] as const) {
      const [main] = grafanaDashboards({ naming });
      expect(new URL(grafanaUrl({ ...AT, naming })).pathname.split("/")[2]).toBe(main?.uid);
    }
  });

  it("keeps the path and the query of Grafana's own address", () => {
    const url = new URL(grafanaUrl({ ...AT, grafanaUrl: "https://host/grafana/?orgId=2" }));
    expect(url.pathname).toBe("/grafana/d/huawei-oceanstor-real/huawei-oceanstor");
    expect(url.searchParams.get("orgId")).toBe("2");
  });

  it("means all arrays when none is named", () => {
    expect(new URL(grafanaUrl(AT)).searchParams.getAll("var-SN")).toEqual(["$__all"]);
  });

  it("gives back every serial, whatever is in it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (serials) => {
        const url = new URL(grafanaUrl({ ...AT, serials }));
        expect(url.searchParams.getAll("var-SN")).toEqual(serials.map((it) => it.toWellFormed()));
        expect(url.searchParams.get("to")).toBe(String(RANGE.toMs));
        expect(url.hash).toBe("");
      }),
    );
  });

  it.each([
    ["grafanaUrl", { grafanaUrl: "localhost" }],
    ["grafanaUrl", { grafanaUrl: "javascript:alert(1)" }],
    ["fromMs", { fromMs: RANGE.toMs + 1 }],
    ["fromMs", { toMs: Number.NaN }],
    ["intervalSeconds", { intervalSeconds: 0 }],
  ])("refuses a wrong %s", (option, wrong) => {
    expect(() => grafanaUrl({ ...AT, ...wrong })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringMatching(`^${option}: `),
      }),
    );
  });
});
