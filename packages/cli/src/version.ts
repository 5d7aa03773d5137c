import { createRequire } from "node:module";

// Beside this file's folder both in `src` and in `dist`.
const manifest = createRequire(import.meta.url)("../package.json") as { readonly version: string };

/** Version of this release. */
export const version: string = manifest.version;
