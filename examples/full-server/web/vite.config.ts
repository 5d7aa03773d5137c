import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

/** Ours, in the place of a library. */
function ours(file: string): string {
  return fileURLToPath(new URL(`src/stand-ins/${file}`, import.meta.url));
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // What the pages use of the packages is built from their sources.
    conditions: ["@millrace/source", ...defaultClientConditions],
    alias: [
      // Its sources: what it names as its entry was made for browsers of 2015 and is three times as large.
      { find: /^tus-js-client$/, replacement: "tus-js-client/lib/browser/index.js" },
      // What it takes from these two, browsers have.
      { find: /^url-parse$/, replacement: ours("url-parse.ts") },
      { find: /^js-base64$/, replacement: ours("js-base64.ts") },
    ],
  },
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    target: "es2023",
    // The Content-Security-Policy of the server allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
