import { existsSync } from "node:fs";
import { writeLoop } from "./looped-encoder.ts";
import { measureFloor, measureWebrtcCrowd } from "./measure-crowd.ts";

const loop = "/tmp/b6/loop.bin";
if (!existsSync(loop)) console.log(await writeLoop(loop));
const n = Number(process.argv[2] ?? 50);
for (const p of (process.argv[3] ?? "werift,node-datachannel").split(",")) {
  const { sizes, ...row } = await measureWebrtcCrowd({
    loop,
    publication: p,
    viewers: n,
    seconds: 8,
    profile: process.argv[4],
  });
  console.log(
    p,
    row,
    "us/packet",
    (row.serverShare * 1e6) / row.packetsPerSecond,
    "mean bytes",
    sizes.flat().reduce((a, b) => a + b, 0) / sizes.flat().length,
    "a frame",
    sizes.flat().length / sizes.length,
  );
  if (p === "werift") console.log("floor", await measureFloor(sizes, n, 8));
}
