import { readFileSync } from "node:fs";

// One folder above this file both in `src` and in `dist`.
const manifest: unknown = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

/** Version of this release. */
export const version: string = (manifest as { readonly version: string }).version;
