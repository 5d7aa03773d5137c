import { messageOf } from "../api/api-error.ts";
import { api } from "../api/client.ts";
import { openLiveEvents } from "../api/live-events.ts";
import type { Job, LogLine, Settings, StorageArray } from "../api/types.ts";
import { jobsBehind, mergeJobs } from "./merge-jobs.ts";
import { session } from "./session.ts";
import { createStore, type Store } from "./store.ts";

const POLL_MS = 3_000;
const PAGE = 100;
const UNFINISHED = 500;

/** How the lists are kept up to date. */
export type Connection = "connecting" | "live" | "polling" | "offline";

/** What the server has, as far as it was told. */
export interface LiveLists {
  readonly settings: Settings | undefined;
  readonly arrays: readonly StorageArray[] | undefined;
  /** Newest first. */
  readonly jobs: readonly Job[] | undefined;
  /** Where older jobs begin, if there are more. */
  readonly nextJobs: string | null;
  readonly connection: Connection;
  /** Why the lists are old. */
  readonly problem: string | undefined;
}

/** The lists of all pages. */
export const liveLists: Store<LiveLists> = createStore<LiveLists>({
  settings: undefined,
  arrays: undefined,
  jobs: undefined,
  nextJobs: null,
  connection: "connecting",
  problem: undefined,
});

type LogListener = (line: LogLine | undefined) => void;
const logListeners = new Map<string, Set<LogListener>>();

/**
 * Calls with each new line of a job's log, and with undefined when lines may have been missed.
 * Returns the function that ends it.
 */
export function onLogLine(jobId: string, listener: LogListener): () => void {
  const listeners = logListeners.get(jobId) ?? new Set();
  logListeners.set(jobId, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) logListeners.delete(jobId);
  };
}

/** Keeps the lists up to date until the returned function is called. */
export function followServer(): () => void {
  let poll: ReturnType<typeof setInterval> | undefined;
  const stopPolling = () => {
    clearInterval(poll);
    poll = undefined;
  };
  const close = openLiveEvents({
    onOpen: () => {
      stopPolling();
      streaming = true;
      void reload();
    },
    onBroken: () => {
      streaming = false;
      if (liveLists.get().connection === "live") update({ connection: "polling" });
      if (poll !== undefined) return;
      poll = setInterval(() => void reload(), POLL_MS);
      void reload();
    },
    onJob: (job) => {
      news.push(job);
      keepJobs([job]);
    },
    onLog: (line) => {
      for (const listener of logListeners.get(line.jobId) ?? []) listener(line);
    },
    onJobRemove: (id) => {
      news = news.filter((job) => job.id !== id);
      dropJob(id);
    },
    onArrays: () => void reloadArrays(),
  });
  return () => {
    stopPolling();
    close();
    streaming = false;
  };
}

/**
 * Changes a job at the server and shows the answer, unless an event told of the job meanwhile: that may be the later
 * news, and nothing would follow it.
 */
export async function changeJob(id: string, change: () => Promise<Job>): Promise<void> {
  const known = () => liveLists.get().jobs?.find((job) => job.id === id);
  const before = known();
  const answer = await change();
  if (known() === before) keepJobs([answer]);
}

function keepJobs(jobs: readonly Job[]): void {
  update({ jobs: mergeJobs(liveLists.get().jobs ?? [], jobs) });
}

/** Takes a job off the list that the server has deleted. */
export function dropJob(id: string): void {
  update({ jobs: (liveLists.get().jobs ?? []).filter((job) => job.id !== id) });
}

/** Adds the next page of older jobs. */
export async function loadOlderJobs(): Promise<void> {
  const { nextJobs } = liveLists.get();
  if (nextJobs === null) return;
  const { jobs, next } = await api.jobs({ limit: PAGE, cursor: nextJobs });
  update({ jobs: mergeJobs(liveLists.get().jobs ?? [], jobs), nextJobs: next });
}

let arrayReads = 0;

/** Reads the list of arrays again. */
export async function reloadArrays(): Promise<void> {
  arrayReads += 1;
  const own = arrayReads;
  try {
    const { arrays } = await api.arrays();
    // A later question may be answered sooner.
    if (own === arrayReads) update({ arrays });
  } catch (error) {
    update({ problem: messageOf(error) });
  }
}

let streaming = false;
let reloading = false;
let again = false;
let news: Job[] = [];

async function reload(): Promise<void> {
  // What is read now may have been asked for before the event source was open.
  again = reloading;
  if (reloading || session.get().refused) return;
  reloading = true;
  news = [];
  try {
    // One question at first: there may be nobody to answer.
    const settings = await api.settings();
    const [{ arrays }, page, ...unfinished] = await Promise.all([
      api.arrays(),
      api.jobs({ limit: PAGE }),
      // A long queue does not fit on the page of the newest.
      ...(["running", "waiting", "delayed"] as const).map((state) =>
        api.jobs({ state, limit: UNFINISHED }),
      ),
    ]);
    const before = liveLists.get();
    const older = jobsBehind(before.jobs ?? [], page.jobs);
    const listed = mergeJobs(
      [...older, ...page.jobs],
      unfinished.flatMap((one) => one.jobs),
    );
    update({
      settings,
      arrays,
      // An event that came while the list was on its way is the later news, or is followed by it.
      jobs: mergeJobs(listed, news),
      nextJobs: older.length > 0 ? before.nextJobs : page.next,
      connection: streaming ? "live" : "polling",
      problem: undefined,
    });
    for (const listeners of logListeners.values()) {
      for (const listener of listeners) listener(undefined);
    }
  } catch (error) {
    update({ connection: "offline", problem: messageOf(error) });
  } finally {
    reloading = false;
  }
  if (again) await reload();
}

function update(change: Partial<LiveLists>): void {
  liveLists.set({ ...liveLists.get(), ...change });
}
