// Live streaming: how old a frame is when a browser shows it, and what many viewers cost, by transport.

import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { nextMessage, startChild } from "./child.ts";
import { median } from "./median.ts";
import type { ServerUse } from "./stream-server.ts";
import { tableRow } from "./table-row.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "ages,crowds" },
    frames: { type: "string", default: "150" },
  },
});
const runs = Number(flags.runs);
const parts = flags.only.split(",");

const WIDTHS = [20, 13, 21, 14, 14];

/** What a page saw. */
interface Seen {
  readonly ageMs: number;
  readonly number: number;
}

const [cpu] = cpus();
console.log(`${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; ${runs} runs a row`);
if (parts.includes("ages")) await ages();
if (parts.includes("crowds")) await crowds();

async function ages(): Promise<void> {
  console.log("\nAge of a frame when Chromium shows it, ms");
  console.log(tableRow(["transport", "p50", "p95", "first frame", "worst run p50"], WIDTHS));
  const rows = {
    "MJPEG in <img>": `const element = new Image(); element.crossOrigin = ""; element.src = "/mjpeg"; document.body.append(element);`,
  };
  for (const [name, script] of Object.entries(rows)) {
    const p50: number[] = [];
    const p95: number[] = [];
    const first: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { seen, firstMs } = await watch(script);
      const sorted = seen.map(({ ageMs }) => ageMs).sort((one, other) => one - other);
      p50.push(sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN);
      p95.push(sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN);
      first.push(firstMs);
    }
    const shown = [p50, p95, first].map((list) => median(list).toFixed(0));
    console.log(tableRow([name, ...shown, Math.max(...p50).toFixed(0)], WIDTHS));
  }
}

/** One viewer in a browser and a server of their own. */
async function watch(script: string): Promise<{ seen: readonly Seen[]; firstMs: number }> {
  using server = startChild("./stream-server.ts");
  const port = await nextMessage<number>(server.process);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: "--headless --no-sandbox --disable-gpu --disable-background-networking --autoplay-policy=no-user-gesture-required --allow-loopback-in-peer-connection".split(
      " ",
    ),
  });
  try {
    const page: Page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    return await page.evaluate(
      `(async () => {
        const startedMs = performance.now();
        ${script}
        await watchMarks(element, 1);
        const firstMs = performance.now() - startedMs;
        const seen = await watchMarks(element, ${Number(flags.frames)});
        return { seen: seen.slice(15), firstMs };
      })()`,
    );
  } finally {
    await browser.close();
  }
}

async function crowds(): Promise<void> {
  console.log(
    "\nMany viewers, 720p at 30 frames a second; CPU of the whole server, encoding included",
  );
  console.log(
    tableRow(["viewers", "% of a core", "least fps of a viewer", "sent", "MB RSS"], WIDTHS),
  );
  for (const count of [1, 50, 200]) {
    const rows: (readonly [number, number, number, number])[] = [];
    for (let run = 0; run < runs; run++) rows.push(await crowd(count));
    const shown = [0, 1, 2, 3].map((at) => median(rows.map((row) => row[at] ?? Number.NaN)));
    const [share = 0, fps = 0, megabits = 0, rss = 0] = shown;
    console.log(
      tableRow(
        [
          `MJPEG x ${count}`,
          (share * 100).toFixed(0),
          fps.toFixed(1),
          `${megabits.toFixed(0)} Mbit/s`,
          rss.toFixed(0),
        ],
        WIDTHS,
      ),
    );
  }
}

/** Share of a core, frames a second of the slowest, Mbit/s and MB. */
async function crowd(count: number): Promise<readonly [number, number, number, number]> {
  using server = startChild("./stream-server.ts");
  const port = await nextMessage<number>(server.process);
  using viewers = startChild("./mjpeg-crowd.ts", [`http://127.0.0.1:${port}/mjpeg`, String(count)]);
  await sleep(3_000);
  const before = await server.ask<ServerUse>();
  const seenBefore = await viewers.ask<number[]>();
  await sleep(8_000);
  const after = await server.ask<ServerUse>();
  const seenAfter = await viewers.ask<number[]>();
  const seconds = after.atSeconds - before.atSeconds;
  const least = Math.min(...seenAfter.map((frames, at) => frames - (seenBefore[at] ?? 0)));
  return [
    (after.cpuSeconds - before.cpuSeconds) / seconds,
    least / seconds,
    ((after.bytesSent - before.bytesSent) * 8) / seconds / 1e6,
    after.rssBytes / 1e6,
  ];
}
