// Many viewers of MJPEG in a process of their own: reads what comes, counts frames, keeps nothing.
import { get } from "node:http";

const [url = "", count = "1"] = process.argv.slice(2);
const frames: number[] = [];

for (let viewer = 0; viewer < Number(count); viewer++) {
  frames[viewer] = 0;
  get(url, { agent: false }, (response) => {
    const boundary = /boundary=(\S+)/.exec(response.headers["content-type"] ?? "")?.[1];
    if (response.statusCode !== 200 || boundary === undefined) {
      throw new Error(`${url} answered ${response.statusCode} and no boundary`);
    }
    const marker = Buffer.from(boundary);
    response.on("data", (bytes: Buffer) => {
      for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
        frames[viewer] = (frames[viewer] ?? 0) + 1;
      }
    });
  });
}
/** Frames that each viewer has seen so far. */
process.on("message", () => process.send?.(frames));
process.on("disconnect", () => process.exit());
