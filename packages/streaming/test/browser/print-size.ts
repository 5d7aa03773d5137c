// How large each player is in a page: node --conditions=@millrace/source packages/streaming/test/browser/print-size.ts
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";

const ENTRIES = {
  mjpeg: ["playMjpeg"],
  websocket: ["playWebSocket"],
  webrtc: ["playWebRtc"],
  overlay: ["drawDetections"],
  all: ["playMjpeg", "playWebSocket", "playWebRtc", "drawDetections", "supportedTransports"],
};
const index = join(import.meta.dirname, "../../src/browser/index.ts");
const folder = await mkdtemp(join(tmpdir(), "print-size-"));
try {
  for (const [name, players] of Object.entries(ENTRIES)) {
    const entry = join(folder, `${name}.ts`);
    await writeFile(entry, `export { ${players.join(", ")} } from ${JSON.stringify(index)};\n`);
    const bytes = Buffer.from(await bundle(entry, true));
    process.stdout.write(
      `${name}: ${bytes.length} bytes minified, ${gzipSync(bytes, { level: 9 }).length} with gzip\n`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
