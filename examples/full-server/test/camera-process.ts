// node camera-process.ts FOLDER: a camera as a process of its own, which says its port. Beside the pictures it has what
// a camera must not lead its readers to: "other" in a query is the address of another one.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

const [folder = "."] = process.argv.slice(2);
const hits: string[] = [];

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://camera");
  const other = searchParams.get("other") ?? "";
  hits.push(pathname);
  switch (pathname) {
    case "/hits":
      response.end(JSON.stringify(hits));
      return;
    case "/private.mjpeg":
      if (request.headers.authorization !== `Basic ${btoa("operator:s3cr3t-word")}`) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="camera"' }).end();
        return;
      }
      pictures(request, response);
      return;
    case "/live.mjpeg":
      pictures(request, response);
      return;
    case "/moved.mjpeg":
      response.writeHead(302, { location: `${other}/live.mjpeg` }).end();
      return;
    case "/elsewhere.m3u8":
      response.end(playlist(["http", "file"].map((kind) => pieceOf(kind, other))));
      return;
    case "/tunnel.m3u8":
      response.end(`${playlist([`${other.replace(/^http/, "httpproxy")}/piece0.ts`])}#EXT-X-ENDLIST
`);
      return;
    default:
      readFile(join(folder, basename(pathname))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
  }
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});

function pictures(request: IncomingMessage, response: ServerResponse): void {
  const boundary = "picture";
  response.writeHead(200, { "content-type": `multipart/x-mixed-replace; boundary=${boundary}` });
  const input = ["-re", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=15"];
  const output = ["-f", "mpjpeg", "-boundary_tag", boundary, "pipe:1"];
  const child = spawn("ffmpeg", ["-v", "error", "-nostdin", ...input, ...output], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.pipe(response);
  request.once("close", () => child.kill("SIGKILL"));
  response.once("close", () => child.kill("SIGKILL"));
}

function pieceOf(kind: string, other: string): string {
  return kind === "file" ? `file://${join(folder, "piece0.ts")}` : `${other}/piece0.ts`;
}

function playlist(pieces: readonly string[]): string {
  const list = pieces.map((piece) => `#EXTINF:1.0,\n${piece}\n`).join("");
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n${list}`;
}
