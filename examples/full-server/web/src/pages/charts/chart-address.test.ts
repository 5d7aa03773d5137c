import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChartState, chartAddress, MAX_QUERIES, parseChartState } from "./chart-address.ts";

const text = fc.string({
  minLength: 1,
  unit: fc.constantFrom("~", "!", "&", "%", "é", "a", " ", "读", "+"),
});
const state: fc.Arbitrary<ChartState> = fc.record({
  array: fc.option(text, { nil: undefined }),
  queries: fc.array(
    fc.record({ resource: text, metric: text, elements: fc.array(text, { maxLength: 3 }) }),
    { maxLength: MAX_QUERIES },
  ),
  windowMs: fc.option(
    fc
      .tuple(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1, max: 1e9 }))
      .map(([from, width]) => [from, from + width] as const),
    { nil: undefined },
  ),
});

describe("the address of a chart", () => {
  it("says all that is shown", () => {
    fc.assert(
      fc.property(state, (shown) => {
        const { search } = new URL(chartAddress(shown), "http://localhost");
        expect(parseChartState(search)).toEqual(shown);
      }),
    );
  });

  it("stays readable", () => {
    const query = {
      resource: "LUN",
      metric: "huawei_usage_percent",
      elements: ["prd.zvirt.01", "0A"],
    };
    expect(chartAddress({ array: "2102", queries: [query], windowMs: [1, 2] })).toBe(
      "/charts?array=2102&q=LUN~huawei_usage_percent~prd.zvirt.01~0A&from=1&to=2",
    );
  });

  it("leaves out what makes no sense", () => {
    expect(parseChartState("?q=LUN&q=&from=9&to=3&q=LUN~x")).toEqual({
      array: undefined,
      queries: [{ resource: "LUN", metric: "x", elements: [] }],
      windowMs: undefined,
    });
    expect(parseChartState(`?${"q=a~b&".repeat(9)}`).queries).toHaveLength(MAX_QUERIES);
    expect(parseChartState("?from=x&to=3").windowMs).toBeUndefined();
    expect(parseChartState("?from=&to=3").windowMs).toBeUndefined();
  });
});
