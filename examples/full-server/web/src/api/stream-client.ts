import { type Options, request } from "./client.ts";
import type { Stream, StreamList, StreamWish } from "./stream-types.ts";

/** The requests of the page of live streams. Each throws an ApiError that can be shown. */
export const streamApi = {
  list: (options: Options = {}) => request<StreamList>("GET", "/v1/streams", options),
  open: (wish: StreamWish, options: Options = {}) =>
    request<Stream>("POST", "/v1/streams", { ...options, json: wish }),
  clockOffset,
};

const ASKED = 5;

/**
 * What to add to this machine's clock for the server's, in milliseconds: by the quickest of some answers, right to half
 * of the way there and back.
 */
async function clockOffset(id: string, options: Options = {}): Promise<number> {
  const path = `/v1/streams/${encodeURIComponent(id)}`;
  let best = { tookMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let turn = 0; turn < ASKED; turn++) {
    const askedMs = performance.timeOrigin + performance.now();
    const { nowMs } = await request<Stream>("GET", path, options);
    const answeredMs = performance.timeOrigin + performance.now();
    const tookMs = answeredMs - askedMs;
    if (tookMs < best.tookMs) best = { tookMs, offsetMs: nowMs - (askedMs + answeredMs) / 2 };
  }
  return best.offsetMs;
}
