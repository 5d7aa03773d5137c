// Runs campaigns: npm run campaign exact -- --seeds 200 --from 1

import { parseArgs } from "node:util";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import buildIfStale from "../test/build-if-stale.ts";
import { openCorrupt } from "./corrupt-videos.ts";
import { type CrowdPhase, crowdLine, disturb } from "./crowd.ts";
import { loadExactly } from "./exact.ts";
import { judgeFrames } from "./frames.ts";
import { type AttackResult, attackCommand, attackMany, attackWithBomb } from "./hostile.ts";
import { hostileBombs } from "./hostile-bombs.ts";
import { ingestCampaign } from "./ingest-campaign.ts";
import { loadLarge } from "./large.ts";
import { askMany } from "./many-videos.ts";
import { NETWORK_ROADS, streamOverNetwork } from "./streaming-network.ts";

/** What a campaign is asked to do. */
interface Order {
  readonly from: number;
  readonly seeds: number | undefined;
  /** Loads at once, where a campaign can do several. */
  readonly atOnce: number;
  /** Path of the database's program. @defaultValue the installed one */
  readonly binary: string | undefined;
}

/** Runs its seeds, prints every failure and one line of figures, and says how many failed. */
type Campaign = (order: Order) => Promise<number>;

const campaigns: Readonly<Record<string, Campaign>> = {
  async exact({ from, seeds = USUAL_EXACT, binary }) {
    let [samples, failures] = [0, 0];
    await using database = await startVictoriaMetrics(binary === undefined ? {} : { binary });
    for (let seed = from; seed < from + seeds; seed++) {
      const result = await loadExactly(database.url, seed);
      samples += result.samples;
      failures += tell(seed, result.differences, JSON.stringify(result.spec));
    }
    console.log(
      `exact: ${seeds} archives, ${grouped(samples)} samples, ${failures} not exact (TZ ${process.env["TZ"] ?? "not set"})`,
    );
    return failures;
  },

  async ingest({ from, seeds, binary, atOnce }) {
    return await ingestCampaign({ from, seeds, binary, atOnce, tell: (line) => console.log(line) });
  },

  async hostile({ from, seeds = USUAL_HOSTILE }) {
    let failures = 0;
    const endings: Record<string, number> = {};
    const peaksMb = { many: 0, command: 0, bomb: 0 };
    const note = (kind: keyof typeof peaksMb, seed: number, result: AttackResult): void => {
      const { what, ending, peakMb, differences } = result;
      peaksMb[kind] = Math.max(peaksMb[kind], peakMb);
      if (ending !== "") endings[`${kind}: ${ending}`] = (endings[`${kind}: ${ending}`] ?? 0) + 1;
      failures += tell(seed, differences, what);
    };
    for (let seed = from; seed < from + seeds; seed += SEEDS_A_PROCESS) {
      const results = await attackMany(seed, Math.min(SEEDS_A_PROCESS, from + seeds - seed));
      for (const [i, result] of results.entries()) note("many", seed + i, result);
    }
    for (let seed = from; seed < from + seeds; seed++) {
      // Eight of every 64, one of each family.
      if (Math.floor(seed / 8) % 8 === 0) note("command", seed, await attackCommand(seed));
    }
    for (const name of Object.keys(hostileBombs)) {
      for (const verb of ["ingest", "inspect"]) note("bomb", 0, await attackWithBomb(name, verb));
    }
    const ended = Object.entries(endings).map(([ending, times]) => `${ending} ${times}`);
    console.log(
      `hostile: ${seeds} inputs, ${failures} not as they should be; ${ended.join(", ")}; at the peak ${JSON.stringify(peaksMb)} MB`,
    );
    return failures;
  },

  async large({ seeds = USUAL_MILLIONS, binary }) {
    const { samples, seconds, memory, looked, differences } = await loadLarge(seeds, binary);
    const failures = tell(1, differences, "a large load");
    const half = memory.slice(memory.length >> 1).map(Math.round);
    console.log(
      `large: ${grouped(samples)} samples in ${Math.round(seconds)} s with their making; memory ${Math.round(Math.max(...memory))} MB at most, ${Math.min(...half)} to ${Math.max(...half)} MB in the second half; ${looked} samples looked up, ${failures === 0 ? "all" : "not all"} as they were made`,
    );
    return failures;
  },

  async frames({ from, seeds = 1 }) {
    let [ways, frames, whole, failures] = [0, 0, 0, 0];
    for (let seed = from; seed < from + seeds; seed++) {
      for await (const result of judgeFrames({ seed, drivers: ["node-av"] })) {
        ways += 1;
        frames += result.frames;
        whole += result.whole;
        failures += tell(seed, result.differences, result.what);
      }
      for await (const result of judgeFrames({ seed, drivers: ["ffmpeg"], most: 12 })) {
        ways += 1;
        frames += result.frames;
        whole += result.whole;
        failures += tell(seed, result.differences, result.what);
      }
    }
    console.log(
      `frames: ${grouped(frames)} frames asked for in ${grouped(ways)} ways, ${grouped(whole)} of them said to be whole; ${failures} ways not as they should be`,
    );
    return failures;
  },

  async videos({ from, seeds = USUAL_CORRUPT }) {
    const corrupt = await openCorrupt(from, seeds);
    const { files, opened, codes, descriptorsLeft, framesLeft } = corrupt;
    console.log(
      `videos: ${files} damaged files, ${opened} opened, refused with ${JSON.stringify(codes)}; ${descriptorsLeft} descriptors and ${framesLeft} frames left open`,
    );
    const many = await askMany(USUAL_REQUESTS, from);
    console.log(
      `videos: ${grouped(many.requests)} requests over 50 open videos, memory at most ${Math.round(many.growthMb)} MB more than before, with a cache of ${many.cacheMb} MB and a hit rate of ${many.hitRate.toFixed(2)}`,
    );
    return (
      tell(from, corrupt.differences, "damaged files") + tell(from, many.differences, "many videos")
    );
  },

  async streaming({ from, seeds = USUAL_NETWORK }) {
    let failures = 0;
    for await (const result of streamOverNetwork(NETWORK_ROADS, from, seeds)) {
      console.log(`streaming: ${result.what}; medians of ${result.runs.length} runs`);
      failures += tell(from, result.differences, "not as wanted");
    }
    return failures;
  },

  async crowd({ from, seeds = 1 }) {
    let failures = 0;
    for (let seed = from; seed < from + seeds; seed++) {
      const onPhase = (phase: CrowdPhase): void => console.log(`crowd: ${crowdLine(phase)}`);
      const result = await disturb({ ...WHOLE_CROWD, seed, onPhase });
      const [was, is] = [result.before, result.after].map(({ heapBytes }) => heapBytes / 1e6);
      console.log(
        `crowd: memory ${was?.toFixed(1)} MB before, ${is?.toFixed(1)} MB afterwards; malformed offers answered ${JSON.stringify(Object.fromEntries(result.offers))}`,
      );
      failures += tell(seed, [...result.differences, ...result.unsteady], "not as wanted");
    }
    return failures;
  },
};

const WHOLE_CROWD = { viewers: 4, phaseMs: 15_000, joins: 200, offers: 1_000, oversized: 40 };
const USUAL_CORRUPT = 1_000;
const USUAL_NETWORK = 5;
const USUAL_REQUESTS = 10_000;
const USUAL_EXACT = 200;
const USUAL_MILLIONS = 1_000;
const USUAL_HOSTILE = 1_000;
/** One process that reads many hostile inputs after one another is replaced by a fresh one. */
const SEEDS_A_PROCESS = 250;

const USAGE = `Usage: npm run campaign [NAME...] -- [--seeds N] [--from SEED] [--at-once N] [--binary PATH]...

Campaigns: ${Object.keys(campaigns).join(", ")}; all of them where none is named.

  --seeds N      how many seeds, or runs; each campaign has its own usual number
  --from SEED    the first seed (default: 1)
  --at-once N    loads at once, of "ingest" (default: 3)
  --binary PATH  VictoriaMetrics to use in place of the installed one; give it again for another version`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    "at-once": { type: "string", default: "3" },
    binary: { type: "string", multiple: true },
    help: { type: "boolean", short: "h" },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(campaigns);
const binaries: readonly (string | undefined)[] = flags.binary ?? [undefined];
const seeds = flags.seeds === undefined ? undefined : Number(flags.seeds);
if (flags.help === true) console.log(USAGE);
else await runAll();

async function runAll(): Promise<void> {
  // What is loaded with is the command as it is built.
  buildIfStale();
  for (const name of names) {
    const campaign = campaigns[name];
    if (campaign === undefined) {
      throw new Error(`No campaign "${name}"; there are: ${Object.keys(campaigns).join(", ")}.`);
    }
    for (const binary of binaries) {
      const order = { from: Number(flags.from), seeds, binary, atOnce: Number(flags["at-once"]) };
      if ((await campaign(order)) > 0) process.exitCode = 1;
    }
  }
}

function tell(seed: number, differences: readonly string[], what: string): number {
  if (differences.length === 0) return 0;
  console.log(`seed ${seed}: ${what}`);
  for (const difference of differences) console.log(`  ${difference}`);
  return 1;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
