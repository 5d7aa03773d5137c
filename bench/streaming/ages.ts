import type { Browser } from "playwright-core";
import { nextMessage, startChild } from "../child.ts";
import { median } from "../median.ts";
import { tableRow } from "../table-row.ts";
import { quantile } from "./quantile.ts";
import type { Seen, WatchKind } from "./watch-page.ts";
import { benchFolder, callPage, openPage, startBrowser, writePage } from "./watching-browser.ts";

interface AgeRow {
  readonly name: string;
  readonly kind: WatchKind;
  readonly url: string;
  readonly codec?: "jpeg" | "h264";
  /** What was aimed at. */
  readonly aim: string;
}

const WEBRTC_AIM = "p50 < 20, p95 < 50, first < 350";
const ROWS: readonly AgeRow[] = [
  { name: "MJPEG in <img>", kind: "img", url: "/mjpeg", aim: "p50 < 30" },
  { name: "WebSocket, JPEG", kind: "websocket", url: "/websocket", codec: "jpeg", aim: "" },
  { name: "WebSocket, H.264", kind: "websocket", url: "/websocket", codec: "h264", aim: "" },
  { name: "WebRTC, werift", kind: "webrtc", url: "/werift/whep", aim: WEBRTC_AIM },
  {
    name: "WebRTC, node-datachannel",
    kind: "webrtc",
    url: "/node-datachannel/whep",
    aim: WEBRTC_AIM,
  },
];
const WIDTHS = [25, 5, 5, 9, 9, 10, 11, 11];
/** The first ones come while decoders and roads are found out about. */
const LEFT_OUT = 15;
const WARMING_FRAMES = 20;
const LIMIT_MS = 120_000;

/** Prints how old frames are when Chromium shows them, by transport. */
export async function printAges(runs: number, frames: number): Promise<void> {
  using folder = benchFolder();
  const page = await writePage(folder.path);
  console.log(
    "\nAge of a frame when Chromium shows it, 720p30, and time from the click to the first one, ms;",
    "\na run is a server and a browser of its own, where somebody watched for a moment before",
  );
  const head = [
    "transport",
    "p50",
    "p95",
    "first",
    "cold",
    "worst p50",
    "worst p95",
    "worst first",
  ];
  console.log(tableRow(head, WIDTHS), "  aimed at");
  for (const row of ROWS) {
    const seen: { readonly warm: Seen; readonly cold: Seen }[] = [];
    for (let run = 0; run < runs; run++) seen.push(await watch(row, page, frames));
    const ages = seen.map(({ warm }) => warm.agesMs.slice(LEFT_OUT));
    const p50 = ages.map((one) => quantile(one, 0.5));
    const p95 = ages.map((one) => quantile(one, 0.95));
    const first = seen.map(({ warm }) => warm.firstMs ?? Number.NaN);
    const cold = seen.map((one) => one.cold.firstMs ?? Number.NaN);
    const medians = [p50, p95, first, cold].map(median);
    const worst = [p50, p95, first].map((list) => Math.max(...list));
    const numbers = [...medians, ...worst].map((number) => number.toFixed(0));
    console.log(tableRow([row.name, ...numbers], WIDTHS), `  ${row.aim}`);
  }
}

async function watch(
  row: AgeRow,
  script: string,
  frames: number,
): Promise<{ readonly warm: Seen; readonly cold: Seen }> {
  using server = startChild("./streaming/stream-server.ts", [JSON.stringify({ page: script })]);
  const port = await nextMessage<number>(server.process);
  const browser = await startBrowser();
  try {
    const cold = await visit(browser, port, row, WARMING_FRAMES);
    const warm = await visit(browser, port, row, frames + LEFT_OUT);
    return { warm, cold };
  } finally {
    await browser.close();
  }
}

async function visit(browser: Browser, port: number, row: AgeRow, frames: number): Promise<Seen> {
  const page = await openPage(browser, port);
  const id = await callPage(page, "start", row.kind, row.url, row.codec);
  await page.waitForFunction(`streamBench.count(${id}) >= ${frames}`, undefined, {
    timeout: LIMIT_MS,
    polling: 200,
  });
  const seen = await callPage(page, "take", id);
  await callPage(page, "stop", id);
  await page.close();
  return seen;
}
