// Sends recorded request bodies as fast as the database takes them: node replay.ts FILE URL <lengths.json
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { Pool } from "undici";

/** As many as the command uses. */
const CONNECTIONS = 3;

const [file = "", url = ""] = process.argv.slice(2);
const lengths = JSON.parse(await text(process.stdin)) as number[];
const all = readFileSync(file);
let offset = 0;
const bodies = lengths.map((length) => {
  offset += length;
  return all.subarray(offset - length, offset);
});
const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
const headers = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};
let next = 0;
const sender = async (): Promise<void> => {
  for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
    const answer = await pool.request({ path: "/api/v1/write", method: "POST", headers, body });
    if (answer.statusCode >= 300) throw new Error(await answer.body.text());
    await answer.body.dump();
  }
};
const startedMs = performance.now();
const cpu = process.cpuUsage();
await Promise.all(Array.from({ length: CONNECTIONS }, sender));
const ms = performance.now() - startedMs;
const { user, system } = process.cpuUsage(cpu);
await pool.close();
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }));
