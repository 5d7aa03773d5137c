import type { SteppedTimes } from "../packages/vm-sink/test/stepped-clock.ts";

/** What goes wrong during a load. */
export interface Story {
  readonly name: string;
  /** Times that the command is killed (SIGKILL) and started again. */
  readonly commandKills?: number;
  /** Times that the database is killed (SIGKILL) while the command runs, and comes back. */
  readonly databaseKills?: number;
  /** The command's kills and the database's come at one moment. */
  readonly together?: boolean;
  /** Requests that the network damages, about. */
  readonly faults?: number;
  /** Damages in place of the usual ones. */
  readonly faultKinds?: "duplicate" | "hang";
  /** Connections are duplicated, too, and the command looks for it (`--verify`). */
  readonly duplicates?: boolean;
  /** Times that the database's clock is stepped, forwards or backwards. */
  readonly clockSteps?: number;
  /** Which times follow the clock; "back" sets it back after a restart, to the second of the first start. */
  readonly clock?: SteppedTimes | "back";
  /** Times that the same command is started while it runs already. */
  readonly rivals?: number;
  /** `--no-checkpoint`: what breaks off may not be started again. */
  readonly once?: boolean;
}

/** Seeds take them in turn. */
const STORIES: readonly Story[] = [
  { name: "the command is killed", commandKills: 11 },
  { name: "the database is killed", databaseKills: 3 },
  { name: "the network fails", faults: 24 },
  { name: "the command is killed, the network fails", commandKills: 9, faults: 10 },
  { name: "connections are duplicated", faults: 4, faultKinds: "duplicate", duplicates: true },
  {
    name: "both are killed, the network fails",
    commandKills: 3,
    databaseKills: 2,
    faults: 8,
  },
  { name: "two commands on one checkpoint, the network fails", faults: 8, rivals: 2 },
  { name: "the clock is stepped, the network fails", clock: "both", clockSteps: 3, faults: 8 },
  {
    name: "both are killed at once, and the clock is set back to the second of the first start",
    commandKills: 3,
    databaseKills: 3,
    together: true,
    clock: "back",
  },
  {
    name: "the command is killed, the network fails and duplicates",
    commandKills: 2,
    faults: 12,
    duplicates: true,
  },
  {
    name: "the database is killed, its clock is stepped",
    databaseKills: 2,
    clock: "start",
    clockSteps: 2,
  },
  {
    name: "the command is killed while another waits for its checkpoint",
    commandKills: 5,
    rivals: 3,
  },
  {
    name: "the network fails, and there is no checkpoint",
    faults: 12,
    duplicates: true,
    once: true,
  },
  {
    name: "the command is killed, the uptime is stepped, an answer never comes",
    commandKills: 2,
    clock: "uptime",
    clockSteps: 2,
    faults: 1,
    faultKinds: "hang",
  },
];

/** The story of a seed, and whether its database deduplicates: every third one, in each story. */
export function storyOf(seed: number): { readonly story: Story; readonly deduplicates: boolean } {
  const story = STORIES[seed % STORIES.length] as Story;
  return { story, deduplicates: (seed + Math.floor(seed / STORIES.length)) % 3 === 0 };
}
