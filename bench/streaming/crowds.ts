import { join } from "node:path";
import { median } from "../median.ts";
import { tableRow } from "../table-row.ts";
import { writeLoop } from "./looped-encoder.ts";
import { type CrowdRow, measureFloor, measureIdle, measureWebrtcCrowd } from "./measure-crowd.ts";
import {
  measureMjpegCrowd,
  measureMjpegFloor,
  measureSocketCrowd,
  type TcpCrowdRow,
} from "./measure-tcp-crowd.ts";
import { benchFolder } from "./watching-browser.ts";

const MJPEG_VIEWERS = [1, 50, 200];
const SOCKET_VIEWERS = 50;
const WEBRTC_VIEWERS = 50;
const SECONDS = 8;
const TCP_WIDTHS = [18, 11, 11, 9, 13, 10, 7];
const WEBRTC_WIDTHS = [24, 11, 11, 9, 9, 9, 13, 10, 7];

/** Prints what many viewers of MJPEG cost the server. */
export async function printMjpegCrowds(runs: number): Promise<void> {
  console.log("\nViewers of MJPEG, 720p30; encoding included, which the row of one viewer tells");
  printTcpHead();
  for (const viewers of MJPEG_VIEWERS) {
    // One after another in each run, so that the machine is as busy for both.
    const rows: TcpCrowdRow[] = [];
    const floors: TcpCrowdRow[] = [];
    for (let run = 0; run < runs; run++) {
      const row = await measureMjpegCrowd(viewers, SECONDS);
      rows.push(row);
      floors.push(await measureMjpegFloor(row.frameBytes, viewers, SECONDS));
    }
    printTcpRow(`MJPEG x ${viewers}`, rows, viewers === 200 ? "  < 40 %" : "");
    printTcpRow(`plain writes x ${viewers}`, floors);
  }
}

/** Prints what many viewers over WebSockets cost the server. */
export async function printSocketCrowds(runs: number): Promise<void> {
  using folder = benchFolder();
  const loop = join(folder.path, "loop.bin");
  await writeLoop(loop);
  console.log(
    "\nViewers over WebSockets, 720p30; encoding of JPEGs included, H.264 is a loop that nobody encodes",
  );
  printTcpHead();
  for (const viewers of [1, SOCKET_VIEWERS]) {
    const measured = async (codec: "jpeg" | "h264", file?: string): Promise<void> => {
      const rows = await repeat(runs, () => measureSocketCrowd(codec, viewers, SECONDS, file));
      printTcpRow(`${codec} x ${viewers}`, rows);
    };
    await measured("jpeg");
    await measured("h264", loop);
  }
}

function printTcpHead(): void {
  const head = [
    ...["viewers", "% of a core", "worst run", "clients %"],
    ...["Mbit/s each", "least fps", "MB"],
  ];
  console.log(tableRow(head, TCP_WIDTHS), "  aimed at");
}

function printTcpRow(name: string, rows: readonly TcpCrowdRow[], aim = ""): void {
  const middle = middleOf(rows);
  const cells = [
    name,
    percent(middle("serverShare")),
    percent(Math.max(...rows.map(({ serverShare }) => serverShare))),
    percent(middle("receiverShare")),
    middle("megabitsPerViewer").toFixed(1),
    middle("leastFps").toFixed(1),
    middle("rssMegabytes").toFixed(0),
  ];
  console.log(tableRow(cells, TCP_WIDTHS), aim);
}

/** Prints what many viewers over WebRTC cost the server, with werift against its own encryption and sending. */
export async function printWebrtcCrowds(runs: number, profile?: string): Promise<void> {
  using folder = benchFolder();
  const loop = join(folder.path, "loop.bin");
  const { megabits } = await writeLoop(loop);
  console.log(
    `\nViewers over WebRTC, a loop of H.264 720p30 at ${megabits.toFixed(2)} Mbit/s that nobody encodes`,
  );
  const head = [
    ...["", "% of a core", "worst run", "clients %", "packets/s", "µs each"],
    ...["Mbit/s each", "least fps", "lost"],
  ];
  console.log(tableRow(head, WEBRTC_WIDTHS), "  aimed at");
  const idle = await repeat(runs, () => measureIdle({ loop }, SECONDS));
  const nobody = [percent(median(idle)), percent(Math.max(...idle))];
  console.log(tableRow(["nobody watches", ...nobody], WEBRTC_WIDTHS));

  const crowd = async (publication: string, viewers: number): Promise<CrowdRow> =>
    await measureWebrtcCrowd({ loop, publication, viewers, seconds: SECONDS, profile });
  const names = ["werift", "node-datachannel"] as const;
  for (const name of names) print(`${name} x 1`, await repeat(runs, () => crowd(name, 1)));

  // One after another in each run, so that the machine is as busy for all.
  const rows: Record<(typeof names)[number], CrowdRow[]> = { werift: [], "node-datachannel": [] };
  const floors: Awaited<ReturnType<typeof measureFloor>>[] = [];
  for (let run = 0; run < runs; run++) {
    const werift = await crowd("werift", WEBRTC_VIEWERS);
    rows.werift.push(werift);
    floors.push(await measureFloor(werift.sizes, WEBRTC_VIEWERS, SECONDS));
    rows["node-datachannel"].push(await crowd("node-datachannel", WEBRTC_VIEWERS));
  }
  const ratios = floors.map(({ microseconds }, at) => {
    const row = rows.werift[at] as CrowdRow;
    return microsecondsOf(row) / microseconds;
  });
  print(`werift x ${WEBRTC_VIEWERS}`, rows.werift, `  < 1.3 of the floor: ${ratioWords(ratios)}`);
  const floor = [
    percent(median(floors.map(({ share }) => share))),
    percent(Math.max(...floors.map(({ share }) => share))),
    "",
    median(floors.map(({ packetsPerSecond }) => packetsPerSecond)).toFixed(0),
    median(floors.map(({ microseconds }) => microseconds)).toFixed(1),
  ];
  console.log(tableRow([`encrypt, send x ${WEBRTC_VIEWERS}`, ...floor], WEBRTC_WIDTHS));
  print(`node-datachannel x ${WEBRTC_VIEWERS}`, rows["node-datachannel"], "  < 20 %");
  const sizes = rows.werift.flatMap((row) => row.sizes.flat());
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  console.log(`A packet has ${mean.toFixed(0)} bytes in the mean, with its header of RTP.`);
}

function print(name: string, rows: readonly CrowdRow[], aim = ""): void {
  const middle = middleOf(rows);
  const cells = [
    name,
    percent(middle("serverShare")),
    percent(Math.max(...rows.map(({ serverShare }) => serverShare))),
    percent(middle("receiverShare")),
    middle("packetsPerSecond").toFixed(0),
    median(rows.map(microsecondsOf)).toFixed(1),
    middle("megabitsPerViewer").toFixed(2),
    middle("leastFps").toFixed(1),
    middle("lost").toFixed(0),
  ];
  console.log(tableRow(cells, WEBRTC_WIDTHS), aim);
}

function microsecondsOf({ serverShare, packetsPerSecond }: CrowdRow): number {
  return (serverShare * 1e6) / packetsPerSecond;
}

function ratioWords(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)}, worst run ${Math.max(...ratios).toFixed(2)}`;
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

/** The middle one of all runs, of one of their numbers. */
function middleOf<T>(rows: readonly T[]): (name: NumberOf<T>) => number {
  return (name) => median(rows.map((row) => row[name] as number));
}

type NumberOf<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

async function repeat<T>(runs: number, measure: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let run = 0; run < runs; run++) all.push(await measure());
  return all;
}
