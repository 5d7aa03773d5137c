import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { expect, it, vi } from "vitest";
import { streamDashboard } from "../scripts/stream-dashboard.ts";
import { missingForBrowser, startBrowser } from "./page-browser.ts";
import { ask } from "./test-server.ts";
import { videoBench } from "./video-server.ts";

const missing =
  missingForBrowser() ??
  ((await findVictoriaMetrics()) === undefined
    ? "VictoriaMetrics is not installed: apt-get install victoria-metrics"
    : undefined);
if (missing !== undefined) process.stdout.write(`skipped a dashboard of streams: ${missing}\n`);

const dashboard = streamDashboard();

it("is the file that Grafana loads", async () => {
  const file = await readFile(new URL("../stream-dashboard.json", import.meta.url), "utf8");
  // After a change: node scripts/write-stream-dashboard.ts
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(dashboard)));
});

it.skipIf(missing !== undefined)(
  "has data in every query, from a VictoriaMetrics that scrapes the server",
  async () => {
    await using bench = await videoBench();
    const server = await bench.start({
      token: "secret-token",
      webrtcAddresses: ["127.0.0.1"],
      streamIdleMs: 60_000,
    });
    // As the containers have it, but for the address and the pace.
    const file = await readFile(new URL("../scrape.yaml", import.meta.url), "utf8");
    const config = join(bench.folder, "scrape.yaml");
    const here = file.replace("server:8080", new URL(server.url).host).replace("5s", "1s");
    await writeFile(config, here);
    vi.stubEnv("MILLRACE_TOKEN", "secret-token");
    const database = await startVictoriaMetrics({
      flags: [`-promscrape.config=${config}`, "-search.latencyOffset=0s"],
    });
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.addInitScript('sessionStorage.setItem("millrace.token", "secret-token")');
      // Watched over the transport that has everything to tell.
      await page.goto(`${server.url}/webrtc?height=180&transport=webrtc`);
      await page.getByRole("button", { name: "Start" }).click();
      await page.locator('[data-figure="State"]', { hasText: /^live/ }).waitFor();

      // And by one that is slow, whose road is measured.
      using _ = await readSlowly(`${server.url}/v1/streams`, "secret-token");

      const empty = async (): Promise<readonly string[]> => {
        const found: string[] = [];
        for (const panel of dashboard.panels) {
          if (panel.type === "row") continue;
          for (const { expr } of panel.targets) {
            if (!(await hasData(database.url, expr))) found.push(`${panel.title}: ${expr}`);
          }
        }
        return found;
      };
      await expect.poll(empty, { timeout: 60_000, interval: 1_000 }).toEqual([]);
      for (const { name, definition } of dashboard.templating.list as readonly {
        readonly name: string;
        readonly definition?: string;
      }[]) {
        expect(definition).toContain(`,${name})`);
        const values = await ask<{ data: string[] }>(
          `${database.url}/api/v1/label/${name}/values?match[]=millrace_stream_viewers`,
        );
        expect(values.body.data.length).toBeGreaterThan(0);
      }
    } finally {
      vi.unstubAllEnvs();
      await browser.close();
      await database.stop();
    }
  },
  120_000,
);

/** Asks as Grafana does, with everything chosen. */
async function hasData(url: string, expression: string): Promise<boolean> {
  const query = expression
    .replaceAll("$__rate_interval", "20s")
    .replaceAll(/\$(?:stream|transport)\b/g, ".+");
  const now = Date.now() / 1_000;
  const search = new URLSearchParams({ query, start: `${now - 60}`, end: `${now}`, step: "1s" });
  const { body } = await ask<{ status: string; data?: { result: unknown[] } }>(
    `${url}/api/v1/query_range?${search}`,
  );
  expect(body.status, expression).toBe("success");
  return (body.data?.result.length ?? 0) > 0;
}

/** Watches large pictures over MJPEG and takes a tenth of a second over each piece. */
async function readSlowly(streams: string, token: string): Promise<Disposable> {
  const authorization = `Bearer ${token}`;
  const { body } = await ask<{ urls: { mjpeg: string } }>(streams, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ source: "pattern", height: 720 }),
  });
  const url = new URL(`${body.urls.mjpeg}?quality=95`, streams);
  const request = get(url, { headers: { authorization } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("data", () => {
    response.pause();
    setTimeout(() => response.resume(), 100);
  });
  response.on("error", () => {});
  return { [Symbol.dispose]: () => void request.destroy() };
}
