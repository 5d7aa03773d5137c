// Live streaming: how old a frame is when a browser shows it, whether that grows, and what many viewers cost.
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { printAges } from "./streaming/ages.ts";
import { printMjpegCrowds, printSocketCrowds, printWebrtcCrowds } from "./streaming/crowds.ts";
import { printLong } from "./streaming/long.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "ages,crowds" },
    frames: { type: "string", default: "150" },
    minutes: { type: "string", default: "10" },
    profile: { type: "string" },
  },
});
const runs = Number(flags.runs);
const parts = flags.only.split(",");

const [cpu] = cpus();
const load = loadavg().map((one) => one.toFixed(1));
console.log(`${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; ${runs} runs a row`);
console.log(`Load before the first run, over 1, 5 and 15 minutes: ${load.join(", ")}`);
if (parts.includes("ages")) await printAges(runs, Number(flags.frames));
if (parts.includes("crowds") || parts.includes("mjpeg")) await printMjpegCrowds(runs);
if (parts.includes("crowds") || parts.includes("websocket")) await printSocketCrowds(runs);
if (parts.includes("crowds") || parts.includes("webrtc"))
  await printWebrtcCrowds(runs, flags.profile);
if (parts.includes("long")) await printLong(Number(flags.minutes));
