import { MillraceError } from "@millrace/core/web";
import { EMPTY } from "rxjs";
import { expect, it } from "vitest";
import type { FrameStore } from "../access/frame-store.ts";
import type { StoredFrame } from "../access/stored-frame.ts";
import { withStills } from "./with-stills.ts";

/** A store that knows the status of each of its frames, and has no pixels. */
function storeOf(statuses: Readonly<Record<number, StoredFrame["status"] | MillraceError>>) {
  const asked: number[] = [];
  let closed = false;
  const store: FrameStore = {
    index: {} as never,
    index$: EMPTY,
    has: () => false,
    stats: { decodedPackets: 0, runs: 0, prefetched: 0, prefetchedUsed: 0 },
    async fetch(frame) {
      asked.push(frame);
      const status = statuses[frame];
      if (status instanceof MillraceError) throw status;
      return { status } as StoredFrame;
    },
    stopAhead() {},
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
  return { store, asked, isClosed: () => closed };
}

it("asks the server for what cannot be decoded, and for nothing else", async () => {
  const decoded = storeOf({ 0: "ok", 1: "missing", 2: "concealed", 3: "missing", 4: "missing" });
  const stills = storeOf({
    1: "ok",
    3: new MillraceError("NOT_FOUND", "no picture"),
    4: new MillraceError("REMOTE_FAILED", "no server"),
  });
  const both = withStills(decoded.store, stills.store);
  const statuses: string[] = [];
  for (const frame of [0, 1, 2, 3]) statuses.push((await both.fetch(frame)).status);
  expect(statuses).toEqual(["ok", "ok", "concealed", "missing"]);
  await expect(both.fetch(4)).rejects.toMatchObject({ code: "REMOTE_FAILED" });
  expect(stills.asked).toEqual([1, 3, 4]);
  await both[Symbol.asyncDispose]();
  expect([decoded.isClosed(), stills.isClosed()]).toEqual([true, true]);
});
