// Many viewers of MJPEG in a process of their own: reads what comes, counts frames, keeps nothing.
import { connect } from "node:net";
import { tellCrowdUse } from "./tell-crowd-use.ts";

const [url = "", count = "1"] = process.argv.slice(2);

const frames: number[] = [];
let received = 0;
const { hostname, port, pathname } = new URL(url);
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
/** All read into the same memory, one after another: reading must cost less than what is measured. */
const buffer = Buffer.alloc(1 << 18);

for (let viewer = 0; viewer < Number(count); viewer++) {
  frames[viewer] = 0;
  let marker: string | undefined;
  const read = (sizeBytes: number): boolean => {
    received += sizeBytes;
    const bytes = buffer.subarray(0, sizeBytes);
    if (marker === undefined) {
      const head = bytes.toString("latin1");
      marker = /^HTTP\/1\.1 200 [\s\S]*boundary=(\S+)/i.exec(head)?.[1];
      if (marker === undefined) throw new Error(`${url} answered ${head.slice(0, 200)}`);
    }
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
      frames[viewer] = (frames[viewer] ?? 0) + 1;
    }
    return true;
  };
  connect({ host: hostname, port: Number(port), onread: { buffer, callback: read } }).write(
    request,
  );
}
tellCrowdUse(() => ({ frames, bytes: received }));
