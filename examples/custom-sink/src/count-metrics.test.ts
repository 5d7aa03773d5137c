import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPlugin, type SeriesBatch, type Sink, seriesBatch } from "@millrace/core";
import { describeSink } from "@millrace/core/testing";
import { ingest } from "@millrace/ingest";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { afterAll, describe, expect, it } from "vitest";
import countMetricsByDefault, { countMetrics } from "./count-metrics.ts";

const folder = mkdtempSync(join(tmpdir(), "custom-sink-"));
const path = join(folder, "counts.json");
const file = fileURLToPath(new URL("count-metrics.ts", import.meta.url));
const counts = (): Record<string, number> => JSON.parse(readFileSync(path, "utf8"));
const total = (): number => Object.values(counts()).reduce((sum, count) => sum + count, 0);
afterAll(() => rmSync(folder, { recursive: true }));

describeSink<SeriesBatch>("countMetrics", {
  create: () => countMetrics.create({ path }) as Sink<SeriesBatch, unknown>,
  items: [batch("iops", 3), batch("iops", 2), batch("latency", 4)],
});

describe("countMetrics", () => {
  it("is exported by name and as default, in under 40 lines", () => {
    expect(countMetricsByDefault).toBe(countMetrics);
    expect(readFileSync(file, "utf8").trimEnd().split("\n").length).toBeLessThan(40);
  });

  it("counts every sample of an archive, from code", async () => {
    const archive = join(folder, "code.zip");
    const { samples } = await writeZip(generateArchive({ profile: "tiny" }), archive);
    const sink = (await countMetrics.create({ path })) as Sink<SeriesBatch>;
    await ingest(archive).to(sink).result;
    expect(total()).toBe(samples);
    expect(counts()).toHaveProperty("huawei_total_iops_io_s");
  });

  it("refuses options that its schema does not know", async () => {
    await expect(loadPlugin(file, { kind: "sink", options: {} })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    const misspelt = loadPlugin(file, { kind: "sink", options: { path, pth: "x" } });
    await expect(misspelt).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  it("is loaded by the command", async () => {
    const archive = join(folder, "command.zip");
    const { samples } = await writeZip(generateArchive({ profile: "tiny" }), archive);
    rmSync(path, { force: true });
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const args = ["packages/cli/bin/millrace.js", "ingest", archive, "--quiet"];
    const sink = ["--sink", "./examples/custom-sink/src/count-metrics.ts"];
    const command = [...args, ...sink, "--sink-option", `path=${path}`];
    const { status, stderr } = spawnSync(process.execPath, command, {
      cwd: root,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(total()).toBe(samples);
  });
});

function batch(metric: string, count: number): SeriesBatch {
  return seriesBatch({
    table: { id: metric, labels: [{ __name__: metric }] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { startMs: 0, stepMs: 60_000, count },
    values: new Float64Array(count),
    origins: [{ origin: "test", count }],
  });
}
