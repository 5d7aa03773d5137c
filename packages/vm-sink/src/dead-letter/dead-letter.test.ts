import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eachSeries, pipeline, type RunEvent, type SeriesSamples } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anyLabels } from "../../test/samples.ts";
import { DeadLetter } from "./dead-letter.ts";
import { seriesLines } from "./series-lines.ts";

const SERIES: SeriesSamples = {
  labels: { __name__: "a", who: "line\nbreak" },
  timesMs: Float64Array.of(1, 2),
  values: Float64Array.of(0.1, -5),
};

describe("a dead-letter file", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-dead-"));
    path = join(folder, "deep", "dead.ndjson");
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function given(series: readonly SeriesSamples[]): Promise<DeadLetter> {
    const letter = new DeadLetter(path);
    for (const one of series) await letter.add(one, "too odd");
    await letter.close();
    return letter;
  }

  async function readBack() {
    const run = pipeline(seriesLines(path)).to(memorySink());
    const events: RunEvent[] = [];
    run.events$.subscribe((event) => events.push(event));
    const series = (await run.result).flatMap((batch) => [...eachSeries(batch)]);
    return { series, read: events.find(({ type }) => type === "origin-read") };
  }

  it("gives back what was put in, from one run to the next", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            labels: anyLabels.map((labels) =>
              Object.fromEntries(Object.entries(labels).filter(([key]) => key !== "__proto__")),
            ),
            points: fc.array(
              fc.tuple(fc.nat(), fc.double({ noDefaultInfinity: true, noNaN: true })),
              {
                minLength: 1,
                maxLength: 5,
              },
            ),
          }),
          { maxLength: 4 },
        ),
        async (list) => {
          await rm(join(folder, "deep"), { recursive: true, force: true });
          const series = list.map(({ labels, points }) => ({
            labels,
            timesMs: Float64Array.from(points, ([time]) => time),
            // JSON has no negative zero.
            values: Float64Array.from(points, ([, value]) => value + 0),
          }));
          if (series.length === 0) return;
          await given(series.slice(0, 1));
          const letter = await given(series.slice(1));
          expect(letter.series).toBe(series.length - 1);
          const back = await readBack();
          expect(back.read).toMatchObject({ outcome: "ok" });
          expect(back.series).toEqual(series);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("says why, in a line that the database's own import takes", async () => {
    await given([SERIES]);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
      metric: { __name__: "a", who: "line\nbreak" },
      values: [0.1, -5],
      timestamps: [1, 2],
      reason: "too odd",
    });
  });

  it("cuts a line that a crash tore before it writes the next", async () => {
    await given([SERIES, SERIES]);
    await appendFile(path, `{"metric":{"__name__":"${"long".repeat(50_000)}`);
    await given([SERIES]);
    expect((await readBack()).series).toHaveLength(3);
    await rm(path);
    await appendFile(path, "torn");
    await given([SERIES]);
    expect((await readBack()).series).toEqual([SERIES]);
  });

  it("is not made without need", async () => {
    await given([]);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
    await expect(readBack()).rejects.toThrow(`${path} does not exist`);
  });

  it("names the lines that are none", async () => {
    await given([SERIES]);
    await appendFile(
      path,
      'nonsense\n{"metric":{},"values":[1],"timestamps":[]}\n\n{"metric":1}\n{"metric":{"__name__":"a"},"values":[1e999],"timestamps":[1]}\n',
    );
    const { series, read } = await readBack();
    expect(series).toEqual([SERIES]);
    expect(read).toMatchObject({
      outcome: "partial",
      count: 2,
      problems: [
        expect.stringContaining("Line 2 is none of VictoriaMetrics' JSON lines: nonsense"),
        expect.stringContaining("Line 3"),
        expect.stringContaining("Line 5"),
        expect.stringContaining("Line 6"),
      ],
    });
  });
});
