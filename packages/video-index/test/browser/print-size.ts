// How large the browser entry is in a page: node --conditions=@millrace/source packages/video-index/test/browser/print-size.ts
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";

const code = await bundle(join(import.meta.dirname, "../../src/browser/index.ts"), true);
const bytes = Buffer.from(code);
process.stdout.write(
  `${bytes.length} bytes minified, ${gzipSync(bytes).length} with gzip, ${brotliCompressSync(bytes).length} with brotli\n`,
);
