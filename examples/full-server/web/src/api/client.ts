import { authorizationOf, refuseSession, session } from "../state/session.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";
import type {
  Job,
  JobState,
  LogLine,
  Metric,
  SeriesAnswer,
  Settings,
  StorageArray,
} from "./types.ts";

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** How a request is made. */
export interface Options {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the one of the session. */
  readonly token?: string;
  /** Sent as JSON. */
  readonly json?: object;
}

/** One line of a chart as the server is asked for it. */
export interface SeriesRequest {
  readonly resource: string;
  readonly metric: string;
  /** None of them means the busiest ones. */
  readonly elements: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
}

const part = encodeURIComponent;

/** The requests of these pages. Each throws an ApiError that can be shown. */
export const api = {
  settings: (options: Options = {}) => request<Settings>("GET", "/v1/settings", options),
  /** Throws an ApiError of status 401 when the server does not accept the token. */
  checkToken: (token: string) => request<Settings>("GET", "/v1/settings", { token }),

  jobs: (query: { state?: JobState; limit?: number; cursor?: string }, options: Options = {}) =>
    request<{ jobs: readonly Job[]; next: string | null }>(
      "GET",
      `/v1/jobs${searchOf(query)}`,
      options,
    ),
  log: (id: string, query: { after: number; limit: number }, options: Options = {}) =>
    request<{ lines: readonly LogLine[]; next: number | null }>(
      "GET",
      `/v1/jobs/${part(id)}/log${searchOf(query)}`,
      options,
    ),
  cancelJob: (id: string) => request<Job>("POST", `/v1/jobs/${part(id)}/cancel`),
  retryJob: (id: string) => request<Job>("POST", `/v1/jobs/${part(id)}/retry`),
  deleteJob: (id: string) => request<void>("DELETE", `/v1/jobs/${part(id)}`),

  arrays: (options: Options = {}) =>
    request<{ arrays: readonly StorageArray[] }>("GET", "/v1/arrays", options),
  deleteArray: (serial: string) => request<void>("DELETE", `/v1/arrays/${part(serial)}`),
  resources: (serial: string, options: Options = {}) =>
    request<{ resources: readonly string[] }>("GET", `${arrayPath(serial)}/resources`, options),
  elements: (serial: string, resource: string, options: Options = {}) =>
    request<{ elements: readonly string[] }>(
      "GET",
      `${arrayPath(serial)}/elements${searchOf({ resource })}`,
      options,
    ),
  metrics: (serial: string, resource: string, element: readonly string[], options: Options = {}) =>
    request<{ metrics: readonly Metric[] }>(
      "GET",
      `${arrayPath(serial)}/metrics${searchOf({ resource, element })}`,
      options,
    ),
  series: (serial: string, { elements, ...query }: SeriesRequest, options: Options = {}) =>
    request<SeriesAnswer>(
      "GET",
      `${arrayPath(serial)}/series${searchOf({ ...query, element: elements })}`,
      options,
    ),
};

function arrayPath(serial: string): string {
  return `/v1/arrays/${part(serial)}`;
}

/** A query with its question mark; empty without parameters. */
export function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.size === 0 ? "" : `?${search}`;
}

/** Asks the server, and reads JSON. Throws an ApiError that can be shown. */
export async function request<T>(
  method: string,
  path: string,
  { signal, token, json }: Options = {},
): Promise<T> {
  const own = token === undefined ? session.get() : { token, refused: false };
  const headers = {
    accept: "application/json",
    ...authorizationOf(own),
    ...(json && { "content-type": "application/json" }),
  };
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(signal && { signal }),
      ...(json && { body: JSON.stringify(json) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server cannot be reached. Check that it runs.", {
      status: 0,
      code: "REMOTE_FAILED",
    });
  }
  const body = await response.text();
  if (response.status === 401 && token === undefined) refuseSession();
  if (!response.ok) throw apiErrorOf(response.status, body);
  return (body === "" ? undefined : JSON.parse(body)) as T;
}
