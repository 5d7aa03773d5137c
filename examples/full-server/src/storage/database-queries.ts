import { setTimeout as pause } from "node:timers/promises";
import { MillraceError, redactUrl } from "@millrace/core";
import type { DatabaseOptions } from "@millrace/vm-sink";
import { request } from "undici";

/** A matrix that the database answers with. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds and the value as text. */
  readonly values: readonly (readonly [number, string])[];
}

/** What the application asks a VictoriaMetrics. */
export interface QueryWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const TIMEOUT_MS = 30_000;
const REACHABLE_MS = 3_000;
const IMPORT_PATH = /\/api\/v1\/(?:import|write).*$/;

/** Questions to the database: which labels there are, and samples in steps. */
export class DatabaseQueries {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  /** Safe to show. */
  readonly shown: string;

  constructor({ url, selectUrl, bearerToken, basic, headers }: DatabaseOptions) {
    const parsed = new URL(selectUrl ?? url);
    const { username, password } = parsed;
    const user =
      basic ??
      (username === ""
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password) });
    parsed.username = "";
    parsed.password = "";
    parsed.search = "";
    this.#base = parsed.href.replace(IMPORT_PATH, "").replace(/\/$/, "");
    this.shown = redactUrl(this.#base);
    this.#headers = {
      ...headers,
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
      ...(user === undefined
        ? {}
        : {
            authorization: `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`,
          }),
    };
  }

  /** Whether it answers. */
  async isReachable(): Promise<boolean> {
    const asked = this.labelValues("__name__", '{__name__="none"}', { fromMs: 0, toMs: 1 }).then(
      () => true,
      () => false,
    );
    // A page waits for it.
    const late = new AbortController();
    const waited = pause(REACHABLE_MS, false, { signal: late.signal, ref: false }).catch(
      () => false,
    );
    return await Promise.race([asked, waited]).finally(() => late.abort());
  }

  /** Values of a label among the series of a selector, sorted. */
  async labelValues(label: string, selector: string, window: QueryWindow): Promise<string[]> {
    const answer = await this.#get(`/api/v1/label/${label}/values`, {
      "match[]": selector,
      ...secondsOf(window),
    });
    return (answer as string[]).filter((value) => value !== "").sort();
  }

  /** A query for times from `fromMs` to `toMs`, a step apart. */
  async range(query: string, window: QueryWindow, stepMs: number): Promise<QueriedSeries[]> {
    const answer = await this.#get("/api/v1/query_range", {
      query,
      ...secondsOf(window),
      step: `${stepMs}ms`,
      nocache: "1",
    });
    return (answer as { result: QueriedSeries[] }).result;
  }

  /** A query for one time; the values are by the label. */
  async instant(query: string, atMs: number, label: string): Promise<Map<string, number>> {
    const answer = await this.#get("/api/v1/query", {
      query,
      time: String(atMs / 1000),
      nocache: "1",
    });
    const { result } = answer as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return new Map(result.map(({ metric, value }) => [metric[label] ?? "", Number(value[1])]));
  }

  /** Deletes every series of a selector. */
  async deleteSeries(selector: string): Promise<void> {
    await this.#call("/api/v1/admin/tsdb/delete_series", { "match[]": selector });
    // Answers that were cached would show the deleted.
    await this.#call("/internal/resetRollupResultCache", {}).catch(() => {});
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const text = await this.#call(path, parameters);
    try {
      const { status, data } = JSON.parse(text) as { status: string; data: unknown };
      if (status === "success") return data;
    } catch {
      // Told below.
    }
    throw this.#failed(`answered something else than expected: ${text.slice(0, 200)}`, undefined);
  }

  async #call(path: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    try {
      const answer = await request(`${this.#base}${path}`, {
        method: "POST",
        headers: { ...this.#headers, "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(parameters).toString(),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const text = await answer.body.text();
      if (answer.statusCode < 300) return text;
      throw this.#failed(
        `refused a question (${answer.statusCode}): ${text.slice(0, 200)}`,
        undefined,
      );
    } catch (cause) {
      if (MillraceError.is(cause)) throw cause;
      throw this.#failed(`cannot be reached: ${(cause as Error).message}. Is it running?`, cause);
    }
  }

  #failed(what: string, cause: unknown): MillraceError {
    return new MillraceError("REMOTE_FAILED", `The database at ${this.shown} ${what}`, { cause });
  }
}

/** A selector of series by equal labels, and by any of several values where a list is given. */
export function selector(labels: Readonly<Record<string, string | readonly string[]>>): string {
  const matchers = Object.entries(labels).map(([name, value]) =>
    typeof value === "string"
      ? `${name}=${JSON.stringify(value)}`
      : `${name}=~${JSON.stringify(value.map(escaped).join("|"))}`,
  );
  return `{${matchers.join(",")}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function secondsOf({ fromMs, toMs }: QueryWindow): {
  readonly start: string;
  readonly end: string;
} {
  return { start: String(fromMs / 1000), end: String(toMs / 1000) };
}
