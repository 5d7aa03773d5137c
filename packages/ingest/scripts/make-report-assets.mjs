// Writes src/html-report/page-assets.ts: uPlot and the page's own script and style as strings, so
// that the published package needs neither uPlot nor any file beside its code.
//
//   node scripts/make-report-assets.mjs           writes the file
//   node scripts/make-report-assets.mjs --check   exits with 1 where it is out of date
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../src/html-report/", import.meta.url));
const target = join(folder, "page-assets.ts");
const uPlot = dirname(dirname(createRequire(import.meta.url).resolve("uplot")));

const { version } = JSON.parse(await read(uPlot, "package.json"));
const content = `// Written by scripts/make-report-assets.mjs from uplot ${version} and the files in page/. Do not edit.

/** Version of the bundled uPlot. */
export const uPlotVersion: string = ${JSON.stringify(version)};

/** License of the bundled uPlot. */
export const uPlotLicense: string = ${literal(await read(uPlot, "LICENSE"))};

/** uPlot as a classic script. */
export const uPlotScript: string = ${literal(inline(await read(uPlot, "dist/uPlot.iife.min.js")))};

/** Style of uPlot. */
export const uPlotStyle: string = ${literal(inline(await read(uPlot, "dist/uPlot.min.css")))};

/** Script of the page. */
export const pageScript: string = ${literal(inline(await read(folder, "page/report.js")))};

/** Style of the page. */
export const pageStyle: string = ${literal(inline(await read(folder, "page/report.css")))};
`;

if (!process.argv.includes("--check")) {
  await writeFile(target, content);
} else if ((await read(target, "").catch(() => "")) !== content) {
  process.stderr.write("page-assets.ts is out of date: run node scripts/make-report-assets.mjs\n");
  process.exitCode = 1;
}

async function read(base, name) {
  return await readFile(join(base, name), "utf8");
}

/** Text as it may stand inside a script or style element. */
function inline(text) {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error("an asset would end its own element");
  return text.trim();
}

function literal(text) {
  return `\`${text.trim().replace(/[\\`]|\$(?=\{)/g, "\\$&")}\``;
}
