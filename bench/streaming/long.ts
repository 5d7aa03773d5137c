import { setTimeout as sleep } from "node:timers/promises";
import { nextMessage, startChild } from "../child.ts";
import { tableRow } from "../table-row.ts";
import { quantile } from "./quantile.ts";
import { benchFolder, callPage, openPage, startBrowser, writePage } from "./watching-browser.ts";

const ROWS = [
  { name: "WebRTC, werift", kind: "webrtc", url: "/werift/whep" },
  { name: "MJPEG in <img>", kind: "img", url: "/mjpeg" },
] as const;
const WIDTHS = [16, 7, 5, 5, 7];
const MINUTE_MS = 60_000;

/** Prints the age of frames in each minute, of two viewers in one browser: latency that grows would show. */
export async function printLong(minutes: number): Promise<void> {
  using folder = benchFolder();
  const script = await writePage(folder.path);
  console.log(`\nAge of a frame when Chromium shows it, ms, minute by minute, both at once`);
  console.log(tableRow(["transport", "minute", "p50", "p95", "frames"], WIDTHS));
  using server = startChild("./streaming/stream-server.ts", [JSON.stringify({ page: script })]);
  const port = await nextMessage<number>(server.process);
  const browser = await startBrowser();
  try {
    const watches = await Promise.all(
      ROWS.map(async ({ name, kind, url }) => {
        const page = await openPage(browser, port);
        return { name, page, id: await callPage(page, "start", kind, url) };
      }),
    );
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(MINUTE_MS);
      for (const { name, page, id } of watches) {
        const { agesMs } = await callPage(page, "take", id);
        const ages = [0.5, 0.95].map((share) => quantile(agesMs, share).toFixed(0));
        console.log(tableRow([name, String(minute), ...ages, String(agesMs.length)], WIDTHS));
      }
    }
  } finally {
    await browser.close();
  }
}
