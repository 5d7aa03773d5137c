import { describe, expect, it } from "vitest";
import { victoriaMetrics } from "./victoria-metrics.ts";

const url = "http://localhost:8428";

describe("victoriaMetrics", () => {
  it("says what it can promise", () => {
    const { apiVersion, name, capabilities } = victoriaMetrics({ url });
    expect({ apiVersion, name, capabilities }).toEqual({
      apiVersion: 1,
      name: "victoria-metrics",
      capabilities: { durable: true, resume: false },
    });
    expect(victoriaMetrics({ url, durability: "none" }).capabilities.durable).toBe(false);
    expect(victoriaMetrics({ url, durability: "age" }).capabilities.durable).toBe(true);
    expect(victoriaMetrics({ url, dryRun: true }).capabilities.durable).toBe(false);
  });

  it.each([
    [{ connections: 0 }, "connections is 0; give a whole number from 1 to 64."],
    [{ connections: 1.5 }, "connections is 1.5; give"],
    [{ connections: 65 }, "connections is 65; give"],
    [{ connections: Number.NaN }, "connections is NaN; give"],
    [{ batchSize: 0 }, "batchSize is 0; give a whole number from 1 to 10000000."],
    [{ batchSize: -1 }, "batchSize is -1; give"],
  ])("refuses %j", (options, message) => {
    expect(() => victoriaMetrics({ url, ...options })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(`victoriaMetrics: ${message}`),
      }),
    );
  });

  it("refuses an address that is none, before anything is opened", () => {
    expect(() => victoriaMetrics({ url: "localhost:8428" })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});
