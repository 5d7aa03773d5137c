import { MillraceError } from "@millrace/core";
import type { Client } from "../wire/client.ts";
import { countWindow, type Question, WINDOW_BORDER_MS } from "./count-window.ts";

/** A window that is refused although it is as short as this will not do better in halves. */
const SHORTEST_WINDOW_MS = 60_000;
/** How a server or a proxy says that a question was too much: limits of a query, or its time. */
const TOO_MUCH: ReadonlySet<unknown> = new Set([422, 500, 502, 503, 504]);

/**
 * Counts the samples of a question, whatever the server's limits for one query: it asks for everything at
 * once and in parts where the server refuses, by names first and then by time.
 *
 * So a long range with little in it costs one request, and a full one as few as the server allows.
 *
 * @throws MillraceError REMOTE_FAILED when the database does not answer, or not as expected; what it says
 * of its limits when even the smallest part is too much
 */
export async function countSeries(client: Client, question: Question): Promise<number> {
  if (question.fromMs > question.toMs) return 0;
  if (question.fromMs < WINDOW_BORDER_MS && question.toMs >= WINDOW_BORDER_MS) {
    const early = await countPart(client, { ...question, toMs: WINDOW_BORDER_MS - 1 });
    return early + (await countPart(client, { ...question, fromMs: WINDOW_BORDER_MS }));
  }
  return await countPart(client, question);
}

async function countPart(client: Client, question: Question): Promise<number> {
  const count = await countOrRefusal(client, question);
  if (typeof count === "number") return count;
  const { names = [] } = question;
  if (names.length < 2) return await countByTime(client, question, count);
  const middle = names.length >> 1;
  const first = await countPart(client, { ...question, names: names.slice(0, middle) });
  return first + (await countPart(client, { ...question, names: names.slice(middle) }));
}

/** Walks through the time in windows as long as the server takes them; after a refusal, half as long. */
async function countByTime(
  client: Client,
  question: Question,
  refusal: MillraceError,
): Promise<number> {
  const { toMs } = question;
  let { fromMs } = question;
  let lengthMs = Math.ceil((toMs - fromMs + 1) / 2);
  let told = refusal;
  let total = 0;
  while (fromMs <= toMs) {
    if (lengthMs < SHORTEST_WINDOW_MS) throw told;
    const lastMs = Math.min(toMs, fromMs + lengthMs - 1);
    const count = await countOrRefusal(client, { ...question, fromMs, toMs: lastMs });
    if (typeof count === "number") {
      total += count;
      fromMs = lastMs + 1;
      // Where nothing was, the next stretch may be as empty: years of it must not cost as many requests.
      if (count === 0) lengthMs *= 2;
    } else {
      told = count;
      lengthMs = Math.ceil(lengthMs / 2);
    }
  }
  return total;
}

async function countOrRefusal(client: Client, question: Question): Promise<number | MillraceError> {
  try {
    return await countWindow(client, question);
  } catch (error) {
    if (isTooMuch(error)) return error;
    throw error;
  }
}

/** Whether a question went beyond a limit of the server. */
export function isTooMuch(error: unknown): error is MillraceError {
  return MillraceError.is(error) && TOO_MUCH.has(error.details["status"]);
}
