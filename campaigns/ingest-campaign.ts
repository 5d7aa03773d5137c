import { writeFaults } from "../packages/vm-sink/test/fault-proxy.ts";
import type { FireResult } from "./under-fire.ts";
import { loadUnderFire } from "./under-fire.ts";

/** What {@link ingestCampaign} is asked to do. */
export interface IngestOrder {
  readonly from: number;
  /** Loads. @defaultValue as many as it takes to reach the figures of {@link WANTED} */
  readonly seeds?: number | undefined;
  /** Path of the database's program. @defaultValue the installed one */
  readonly binary?: string | undefined;
  /** Loads at once: most of their time they wait for flushes and pauses. */
  readonly atOnce: number;
  tell(line: string): void;
}

/** What a campaign has to come to, for each version of the database. */
const WANTED = { "kills of the command": 200, "kills of the database": 50, faults: 500 } as const;

const FAULTS: ReadonlySet<string> = new Set([...writeFaults, "truncate", "duplicate", "hang"]);

/** Sums of what happened. */
class Figures {
  loads = 0;
  samples = 0;
  failures = 0;
  readonly #happened = new Map<string, number>();

  add({ samples, happened, differences }: FireResult): void {
    this.loads += 1;
    this.samples += samples;
    if (differences.length > 0) this.failures += 1;
    for (const [what, times] of Object.entries(happened)) {
      this.#happened.set(what, this.of(what) + times);
    }
  }

  of(what: string): number {
    return this.#happened.get(what) ?? 0;
  }

  get faults(): number {
    return [...FAULTS].reduce((sum, fault) => sum + this.of(fault), 0);
  }

  get isEnough(): boolean {
    const { faults, ...kills } = WANTED;
    return (
      this.faults >= faults && Object.entries(kills).every(([what, most]) => this.of(what) >= most)
    );
  }

  lines(): readonly string[] {
    const kills = Object.keys(WANTED).filter((what) => what !== "faults");
    const others = [...this.#happened.keys()]
      .filter((what) => !FAULTS.has(what) && !kills.includes(what))
      .sort();
    const figures = (names: Iterable<string>): string =>
      [...names].map((what) => `${what} ${this.of(what)}`).join(", ");
    const samples = this.samples.toLocaleString("en-US");
    return [
      `  ${this.loads} loads, ${samples} samples, ${this.failures} not as they should be`,
      `  ${figures(kills)}, faults of the network ${this.faults}`,
      `  faults: ${figures(FAULTS)}`,
      `  ${figures(others)}`,
    ];
  }
}

/**
 * Loads archives under fire, several at a time, one seed after the other, and tells every failure and the
 * figures.
 *
 * @returns how many did not end as they should
 */
export async function ingestCampaign(order: IngestOrder): Promise<number> {
  const { from, seeds, binary, atOnce, tell } = order;
  const figures = new Figures();
  let next = from;
  const isOver = (): boolean => (seeds === undefined ? figures.isEnough : next >= from + seeds);
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const seed = next++;
      const startedMs = performance.now();
      const result = await loadUnderFire(seed, { binary }).catch(
        (error: unknown): FireResult => ({
          story: "",
          samples: 0,
          happened: {},
          differences: [error instanceof Error ? `${error.stack}` : String(error)],
        }),
      );
      figures.add(result);
      const { story, differences, happened } = result;
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      const verdict = differences.length === 0 ? "as it should be" : "NOT AS IT SHOULD BE";
      tell(`seed ${seed}: ${verdict}, ${seconds} s: ${story} ${JSON.stringify(happened)}`);
      for (const difference of differences) tell(`  ${difference}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  tell(`ingest, ${binary ?? "the installed database"}:`);
  for (const line of figures.lines()) tell(line);
  return figures.failures;
}
