// node scripts/write-stream-dashboard.ts: writes what Grafana loads.
import { writeFile } from "node:fs/promises";
import { streamDashboard } from "./stream-dashboard.ts";

await writeFile(
  new URL("../stream-dashboard.json", import.meta.url),
  `${JSON.stringify(streamDashboard(), undefined, 2)}\n`,
);
