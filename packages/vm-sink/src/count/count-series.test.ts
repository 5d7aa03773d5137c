import { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Client } from "../wire/client.ts";
import { parseEndpoint } from "../wire/endpoint.ts";
import { countSeries } from "./count-series.ts";

interface Stored {
  readonly name: string;
  readonly timeMs: number;
}

const YEAR_MS = 365 * 86_400_000;
const question = { labels: { SN: "x" }, fromMs: 0, toMs: 60 * YEAR_MS - 1 };

/** A client of a database that looks at no more than so many samples and names at a time. */
function limited(stored: readonly Stored[], mostSamples: number, mostNames = 1_000) {
  const asked: string[] = [];
  const refuse = (status: number): never => {
    throw new MillraceError("SINK_REJECTED", `cannot select more (${status})`, {
      details: { status },
    });
  };
  const get = async (path: string): Promise<string> => {
    asked.push(path);
    const { pathname, searchParams } = new URL(path, "http://db");
    // Seconds, or for early times a date.
    const time = (name: string): number => {
      const given = searchParams.get(name) ?? "";
      return given.includes("T") ? Date.parse(given) : Math.round(Number(given) * 1000);
    };
    const text = searchParams.get("query") ?? searchParams.get("match[]") ?? "";
    const quoted = /__name__=~("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '".*"';
    const names = new RegExp(`^(?:${JSON.parse(quoted)})$`);
    const windowMs = Math.floor(Number(/\[([\d.]+)ms\]/.exec(text)?.[1]));
    const exports = pathname === "/api/v1/export";
    const toMs = exports ? time("end") : time("time");
    const fromMs = exports ? time("start") : toMs - windowMs + 1;
    const found = stored.filter(
      ({ name, timeMs }) => names.test(name) && timeMs >= fromMs && timeMs <= toMs,
    );
    if (found.length > mostSamples) refuse(422);
    if (new Set(found.map(({ name }) => name)).size > mostNames) refuse(503);
    if (exports) return JSON.stringify({ timestamps: found.map(({ timeMs }) => timeMs) });
    // What VictoriaMetrics does of windows from before its first minutes.
    const visible = fromMs < 600_000 ? 0 : found.length;
    const result = visible === 0 ? [] : [{ value: [0, String(visible)] }];
    return JSON.stringify({ data: { result } });
  };
  const client = { endpoint: parseEndpoint("http://db"), get } as Client;
  return { client, asked };
}

describe("countSeries", () => {
  it("counts every sample once, whatever the limits of the server", async () => {
    const anyStored = fc.record({
      name: fc.constantFrom("a", "b", "c.d", "e|f"),
      timeMs: fc.oneof(
        fc.integer({ min: 0, max: 7_200_000 }),
        fc.integer({ min: 55 * YEAR_MS, max: 55 * YEAR_MS + 86_400_000 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyStored, { selector: ({ timeMs }) => Math.floor(timeMs / 60_000) }),
        // The shortest window is below two minutes long, so it touches three of them.
        fc.integer({ min: 3, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (stored, mostSamples, mostNames, named) => {
          // Broken clocks leave little, and it is read without a limit.
          const few = stored.filter(({ timeMs }, i) => timeMs > 3_600_000 || i < mostSamples);
          const names = named ? { names: ["a", "b", "c.d", "e|f"] } : {};
          const { client } = limited(few, mostSamples, named ? mostNames : 4);
          expect(await countSeries(client, { ...question, ...names })).toBe(few.length);
        },
      ),
    );
  });

  it("asks once for decades with little in them, and twice where they begin in 1970", async () => {
    const stored = [{ name: "a", timeMs: 50 * YEAR_MS }];
    const { client, asked } = limited(stored, 100);
    expect(await countSeries(client, { ...question, fromMs: YEAR_MS })).toBe(1);
    expect(asked).toHaveLength(1);
    expect(await countSeries(client, question)).toBe(1);
    expect(asked).toHaveLength(3);
  });

  it("steps over empty years where a full day needs short windows", async () => {
    const startMs = 50 * YEAR_MS;
    const stored = Array.from({ length: 1_440 }, (_, i) => ({
      name: "a",
      timeMs: startMs + i * 60_000,
    }));
    const { client, asked } = limited([{ name: "a", timeMs: 1_000 }, ...stored], 100);
    expect(await countSeries(client, question)).toBe(1_441);
    expect(asked.length).toBeLessThan(150);
  });

  it("asks for fewer names before it asks for less time", async () => {
    const stored = ["a", "b", "c", "d"].map((name, i) => ({ name, timeMs: (50 + i) * YEAR_MS }));
    const { client, asked } = limited(stored, 100, 1);
    const names = ["a", "b", "c", "d"];
    expect(await countSeries(client, { ...question, fromMs: YEAR_MS, names })).toBe(4);
    expect(asked).toHaveLength(7);
  });

  it("gives up with the server's words where even a minute is too much", async () => {
    const stored = Array.from({ length: 9 }, (_, i) => ({ name: "a", timeMs: 50 * YEAR_MS + i }));
    const { client, asked } = limited(stored, 5);
    await expect(countSeries(client, question)).rejects.toThrow("cannot select more (422)");
    expect(asked.length).toBeLessThan(60);
  });

  it("asks nothing for a range that is none", async () => {
    const { client, asked } = limited([], 5);
    expect(await countSeries(client, { ...question, fromMs: 5, toMs: 4 })).toBe(0);
    expect(asked).toEqual([]);
  });

  it("takes other failures for what they are", async () => {
    const failure = new MillraceError("REMOTE_FAILED", "gone", { details: { code: "ECONNRESET" } });
    let asked = 0;
    const client = {
      endpoint: parseEndpoint("http://db"),
      async get() {
        asked += 1;
        throw failure;
      },
    } as unknown as Client;
    await expect(countSeries(client, { ...question, fromMs: YEAR_MS })).rejects.toBe(failure);
    expect(asked).toBe(1);
  });
});
