import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { expect, it } from "vitest";
import { readCounts } from "./read-counts.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const ffmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const missing = !ffmpeg
  ? "ffmpeg is not installed: apt-get install ffmpeg"
  : (await findVictoriaMetrics())
    ? undefined
    : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped in video-to-metrics: ${missing}\n`);

it.skipIf(missing !== undefined)(
  "counts the squares of its clip, and finds the counts in the database",
  async () => {
    await using database = await startVictoriaMetrics();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@millrace/source", main],
      { encoding: "utf8", env: { ...process.env, MILLRACE_VM_URL: database.url } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("100 frames, counted on onnxruntime-node");
    expect(stdout).toContain(`400 samples into ${database.url}`);

    const series = await readCounts(database.url, "squares.mp4");
    const last = Object.fromEntries(
      series.map(({ metric, values }) => [
        `${metric["__name__"]} ${metric["direction"] ?? ""}`.trim(),
        values.at(-1),
      ]),
    );
    // What the clip holds, by its making: six squares; three go past the middle to the right, two to the left.
    expect(last).toEqual({
      video_objects: 6,
      video_objects_total: 6,
      "video_line_crossings_total in": 3,
      "video_line_crossings_total out": 2,
    });
    const inFrame = series.find(({ metric }) => metric["__name__"] === "video_objects");
    // One sample a frame, 40 ms apart; five squares at first, and the sixth from its coming on.
    expect(inFrame?.timestamps.map((at, i, all) => at - (all[i - 1] ?? at - 40))).toEqual(
      Array(100).fill(40),
    );
    expect([...new Set(inFrame?.values)]).toEqual([5, 6]);
  },
);
