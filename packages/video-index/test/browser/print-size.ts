// How large the browser entry is in a page: node --conditions=@millrace/source packages/video-index/test/browser/print-size.ts
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";

for (const { name, code } of await bundle(
  join(import.meta.dirname, "../../src/browser/index.ts"),
  true,
)) {
  const bytes = Buffer.from(code);
  process.stdout.write(
    `${name}: ${bytes.length} bytes minified, ${gzipSync(bytes, { level: 9 }).length} with gzip\n`,
  );
}
