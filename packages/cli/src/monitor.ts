import { monitorEventLoopDelay } from "node:perf_hooks";
import type { TextOutput } from "./command-io.ts";
import { megabytes } from "./text.ts";

const EVERY_MS = 1_000;

/**
 * Reports what this process uses: a line a second, and one in all at the end.
 *
 * @returns ends the reporting and writes the last line
 */
export function monitorResources(output: TextOutput): () => void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const started = { cpu: process.cpuUsage(), ms: performance.now() };
  let last = started;
  const line = (from: typeof started): string => {
    const used = process.cpuUsage(from.cpu);
    const cpu = (used.user + used.system) / 1000 / (performance.now() - from.ms);
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return [
      `cpu ${(cpu * 100).toFixed(0)} %`,
      `rss ${megabytes(process.memoryUsage.rss())}`,
      `heap ${megabytes(heapUsed)}`,
      `buffers ${megabytes(Math.max(external, arrayBuffers))}`,
      `event loop p99 ${(delay.percentile(99) / 1e6).toFixed(0)} ms`,
    ].join(", ");
  };
  const timer = setInterval(() => {
    output.write(`monitor: ${line(last)}\n`);
    last = { cpu: process.cpuUsage(), ms: performance.now() };
    delay.reset();
  }, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    const peak = process.resourceUsage().maxRSS * 1024;
    output.write(`monitor: in all ${line(started)}, peak rss ${megabytes(peak)}\n`);
    delay.disable();
  };
}
