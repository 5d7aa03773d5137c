import type { PlayerState, PlayerStats } from "@millrace/streaming/browser";
import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../../api/api-error.ts";
import { streamApi } from "../../api/stream-client.ts";
import type { Stream } from "../../api/stream-types.ts";
import { type LiveWish, streamWish } from "./live-wish.ts";
import { type Layers, openPlayer, wipe } from "./open-player.ts";

/** How a stream arrives. */
export interface Live {
  readonly stream: Stream | undefined;
  readonly state: PlayerState | "stopped";
  readonly reason: string;
  readonly stats: PlayerStats | undefined;
  /** In the frame that is shown; undefined where nobody has looked at it. */
  readonly objects: number | undefined;
  readonly problem: string | undefined;
}

const NOTHING: Live = {
  stream: undefined,
  state: "stopped",
  reason: "",
  stats: undefined,
  objects: undefined,
  problem: undefined,
};

/** Plays what is wished for while `wish` is set; another wish is played instead. */
export function useLive(
  wish: LiveWish | undefined,
  layers: { readonly current: Layers | undefined },
): Live {
  const [live, setLive] = useState(NOTHING);
  useEffect(() => {
    if (wish === undefined) {
      setLive(NOTHING);
      return;
    }
    const ending = new AbortController();
    const { signal } = ending;
    const add = (news: Partial<Live>): void => {
      if (!signal.aborted) setLive((now) => ({ ...now, ...news }));
    };
    const play = async (): Promise<void> => {
      const stream = await streamApi.open(streamWish(wish), { signal });
      // Another request, since opening a stream takes longer one way than the other.
      const clockOffsetMs = await streamApi.clockOffset(stream.id, { signal });
      const drawnOn = layers.current;
      if (signal.aborted || drawnOn === undefined) return;
      add({ stream });
      // Often, and shown with the figures of each second.
      let objects: number | undefined;
      const player = openPlayer(stream, wish, drawnOn, {
        clockOffsetMs,
        onState: (state, reason) => add({ state, reason }),
        onStats: (stats) => add({ stats, objects }),
        onObjects: (found) => {
          objects = found ?? objects;
        },
      });
      signal.addEventListener("abort", () => {
        player.close();
        wipe(drawnOn);
      });
    };
    setLive({ ...NOTHING, state: "connecting" });
    play().catch((error: unknown) => add({ ...NOTHING, problem: messageOf(error) }));
    return () => ending.abort();
  }, [wish]);
  return live;
}
