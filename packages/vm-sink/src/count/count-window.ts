import { randomUUID } from "node:crypto";
import { type Labels, MillraceError } from "@millrace/core";
import type { Client } from "../wire/client.ts";

/** What to count: every sample of some series between two times, both inclusive. */
export interface Question {
  /** Labels that the series must have, by equality. */
  readonly labels: Labels;
  /** Metric names of which they must have one; any where it is absent. */
  readonly names?: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** VictoriaMetrics answers queries that look back to about 1970 itself with nothing. */
const FIRST_QUERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 2001: from here on, seconds have ten digits. */
const FIRST_CLEAR_MS = 1e12;

/** One question as it is, in one request or two; a limit of the server shows as the failure of it. */
export async function countWindow(client: Client, question: Question): Promise<number> {
  const selector = selectorOf(question);
  const { fromMs, toMs } = question;
  if (toMs < FIRST_QUERY_MS) return await countExported(client, selector, question);
  if (toMs % DAY_MS !== 0) return await countQueried(client, selector, fromMs, toMs);
  // A query that ends at midnight does not look for series that begin there (measured: 1.79.5).
  const more = await countQueried(client, selector, fromMs, toMs + 1);
  return more - (await countQueried(client, selector, toMs + 1, toMs + 1));
}

/** The times at which {@link countWindow} asks in another way, so that no window may span them. */
export const WINDOW_BORDER_MS: number = FIRST_QUERY_MS;

/**
 * A rollup window is open on the left, so it begins a millisecond before the first time. The server takes
 * its length as seconds and cuts off what is no whole millisecond, so that one in a thousand lengths
 * would come out too short; half a millisecond more is cut off, too.
 */
async function countQueried(
  client: Client,
  selector: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const query = `sum(count_over_time(${selector}[${toMs - fromMs + 1}.5ms]))`;
  const parameters = new URLSearchParams({ query, time: timeText(toMs), nocache: "1" });
  const answer = await client.get(`/api/v1/query?${parameters}`);
  const count = countIn(answer);
  if (Number.isFinite(count)) return count;
  throw new MillraceError(
    "REMOTE_FAILED",
    `${client.endpoint.shown} gave no count for ${selector}: ${answer.slice(0, 200)}`,
  );
}

/** Broken clocks begin in 1970; what they wrote is little enough to be read and counted here. */
async function countExported(
  client: Client,
  selector: string,
  { fromMs, toMs }: Question,
): Promise<number> {
  const parameters = new URLSearchParams({
    "match[]": selector,
    start: timeText(fromMs),
    end: timeText(toMs),
  });
  const answer = await client.get(`/api/v1/export?${parameters}`);
  const lines = answer.split("\n").filter((line) => line !== "");
  // Not every server keeps to the milliseconds of an export.
  const isInside = (timeMs: number): boolean => timeMs >= fromMs && timeMs <= toMs;
  return lines.reduce((sum, line) => sum + timesIn(line, client).filter(isInside).length, 0);
}

/** 1.145 takes the seconds of 1970 for years and milliseconds, so early times are written out. */
function timeText(ms: number): string {
  return ms < FIRST_CLEAR_MS ? new Date(ms).toISOString() : String(ms / 1000);
}

/** Adds to every selector what no series has, so that no two counts ask alike. */
export function selectorOf({ labels, names }: Question): string {
  // The database remembers for some seconds which series a selector matches, even with nocache, and
  // would not see new ones.
  const matchers = [`count_id!="${randomUUID()}"`];
  for (const [name, value] of Object.entries(labels)) {
    matchers.push(`${name}=${JSON.stringify(value)}`);
  }
  if (names !== undefined) {
    const anyOf = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
    matchers.push(`__name__=~${JSON.stringify(anyOf)}`);
  }
  return `{${matchers.join(",")}}`;
}

/** The number in an instant query's answer: 0 for no series, NaN for another kind of answer. */
function countIn(answer: string): number {
  let parsed: { data?: { result?: readonly { value?: readonly unknown[] }[] } };
  try {
    parsed = JSON.parse(answer);
  } catch {
    return Number.NaN;
  }
  const result = parsed.data?.result;
  if (!Array.isArray(result)) return Number.NaN;
  const [first] = result;
  return first === undefined ? 0 : Number(first.value?.[1]);
}

function timesIn(line: string, { endpoint }: Client): readonly number[] {
  try {
    const { timestamps } = JSON.parse(line) as { timestamps: readonly number[] };
    if (Array.isArray(timestamps)) return timestamps;
  } catch {
    // Told below.
  }
  throw new MillraceError(
    "REMOTE_FAILED",
    `${endpoint.shown} exported no series, but ${line.slice(0, 200)}`,
  );
}
