/** Starts a database, says its process and folder, and ends without stopping it. */
import { startVictoriaMetrics } from "../../src/server/index.ts";

const { pid, dataPath } = await startVictoriaMetrics();
console.log(JSON.stringify({ pid, dataPath }));
