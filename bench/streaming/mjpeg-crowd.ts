// Many viewers of MJPEG in a process of their own: reads what comes, counts frames, keeps nothing.
import { get } from "node:http";

const [url = "", count = "1"] = process.argv.slice(2);

/** What the viewers have seen and used since they began; the answer to any message. */
export interface MjpegCrowdUse {
  readonly atSeconds: number;
  readonly cpuSeconds: number;
  /** Of each viewer. */
  readonly frames: readonly number[];
  /** Of all. */
  readonly bytes: number;
}

const frames: number[] = [];
let received = 0;

for (let viewer = 0; viewer < Number(count); viewer++) {
  frames[viewer] = 0;
  get(url, { agent: false }, (response) => {
    const boundary = /boundary=(\S+)/.exec(response.headers["content-type"] ?? "")?.[1];
    if (response.statusCode !== 200 || boundary === undefined) {
      throw new Error(`${url} answered ${response.statusCode} and no boundary`);
    }
    const marker = Buffer.from(boundary);
    response.on("data", (bytes: Buffer) => {
      received += bytes.length;
      for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
        frames[viewer] = (frames[viewer] ?? 0) + 1;
      }
    });
  });
}
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const use: MjpegCrowdUse = {
    atSeconds: performance.now() / 1_000,
    cpuSeconds: (user + system) / 1e6,
    frames,
    bytes: received,
  };
  process.send?.(use);
});
process.on("disconnect", () => process.exit());
