import { type Options, request } from "./client.ts";
import type { Stream, StreamList, StreamWish } from "./stream-types.ts";

/** The requests of the page of live streams. Each throws an ApiError that can be shown. */
export const streamApi = {
  list: (options: Options = {}) => request<StreamList>("GET", "/v1/streams", options),
  open: (wish: StreamWish, options: Options = {}) =>
    request<Stream>("POST", "/v1/streams", { ...options, json: wish }),
  clockOffset,
};

/** What to add to this machine's clock for the server's, in milliseconds: right to half of the way there and back. */
async function clockOffset(id: string, options: Options = {}): Promise<number> {
  const askedMs = Date.now();
  const path = `/v1/streams/${encodeURIComponent(id)}`;
  const { nowMs } = await request<Stream>("GET", path, options);
  return nowMs - (askedMs + Date.now()) / 2;
}
