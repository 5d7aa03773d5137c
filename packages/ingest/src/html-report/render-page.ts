import { createHash } from "node:crypto";
import { pageScript, pageStyle, uPlotLicense, uPlotScript, uPlotStyle } from "./page-assets.ts";
import type { ReportData } from "./report-data.ts";

/**
 * The whole page as one string.
 *
 * Nothing from the archive is markup: all of it lies in one JSON block, which the page's script turns
 * into text nodes. A content security policy forbids every script but the two below, and the network.
 */
export function renderPage(report: ReportData): string {
  const style = `${uPlotStyle}\n${pageStyle}`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(uPlotScript)} ${hashOf(pageScript)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Millrace">
<link rel="icon" href="data:,">
<title>${escapeText(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main id="report"><noscript>This report draws its charts in the browser: please allow scripts for this page. It loads nothing from the network.</noscript></main>
<script type="application/json" id="report-data">${escapeJson(JSON.stringify(report))}</script>
<!-- uPlot, https://github.com/leeoniya/uPlot

${uPlotLicense}
-->
<script>${uPlotScript}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** JSON that cannot end its script element, open a comment in it or break an old parser's line. */
function escapeJson(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function hashOf(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}
