import type { DecodeRun } from "./decode-plan.ts";
import type { RunDecoder } from "./run-decoder.ts";

/** The decoders of all videos of a library, of which only so many are open at once. */
export interface DecoderPool {
  /** Counts a video in. While there are several, none takes the last decoder if it holds all others. */
  join(owner: object): void;
  /**
   * A decoder for a run of a video: the one that can go on from furthest on, else one that is free, else a new one in
   * place of the one that has been idle longest. Undefined where all are busy; `onFree` is then called once when one is
   * not.
   */
  take(
    owner: object,
    run: DecodeRun,
    create: () => RunDecoder,
    onFree: () => void,
  ): RunDecoder | undefined;
  /** Gives a decoder back, to be used again by its owner. */
  give(owner: object, decoder: RunDecoder): void;
  /** Counts a video that is being closed out, and closes its idle decoders. */
  drop(owner: object): Promise<void>;
}

interface IdleDecoder {
  readonly owner: object;
  readonly decoder: RunDecoder;
}

/** @param most - decoders that are open at once; each holds some of the pictures of its stream in memory */
export function decoderPool(most: number): DecoderPool {
  /** The one that has been idle longest comes first. */
  const idle: IdleDecoder[] = [];
  const waiting = new Set<() => void>();
  /** How many decoders are at work for each video. */
  const busy = new Map<object, number>();
  let open = 0;
  const close = async (decoder: RunDecoder): Promise<void> => {
    open -= 1;
    await decoder[Symbol.asyncDispose]();
  };
  const takeIdle = (at: number): RunDecoder => (idle.splice(at, 1)[0] as IdleDecoder).decoder;
  const wake = (): void => {
    const woken = [...waiting];
    waiting.clear();
    for (const onFree of woken) onFree();
  };
  /** A video that hangs must not hold all decoders while others have none. */
  const mayTake = (owner: object): boolean => {
    const share = busy.size > 1 ? Math.max(1, most - 1) : most;
    return (busy.get(owner) ?? 0) < share;
  };
  /** Where the decoder that can go on from furthest on is among the idle ones; -1 where none can. */
  const furthest = (owner: object, run: DecodeRun): number => {
    const from = idle.map((it) =>
      it.owner === owner ? (it.decoder.continuesFrom(run) ?? -1) : -1,
    );
    const most = Math.max(-1, ...from);
    return most < 0 ? -1 : from.indexOf(most);
  };
  const choose = (
    owner: object,
    run: DecodeRun,
    create: () => RunDecoder,
  ): RunDecoder | undefined => {
    const ready = furthest(owner, run);
    if (ready >= 0) return takeIdle(ready);
    if (open < most) {
      open += 1;
      return create();
    }
    const own = idle.findIndex((it) => it.owner === owner);
    if (own >= 0) return takeIdle(own);
    if (idle.length === 0) return undefined;
    // It holds nothing that cannot be made again; a failure to close it is no failure of this video.
    close(takeIdle(0)).catch(() => {});
    open += 1;
    return create();
  };
  return {
    join(owner) {
      busy.set(owner, 0);
    },
    take(owner, run, create, onFree) {
      const taken = mayTake(owner) ? choose(owner, run, create) : undefined;
      if (taken === undefined) waiting.add(onFree);
      else busy.set(owner, (busy.get(owner) ?? 0) + 1);
      return taken;
    },
    give(owner, decoder) {
      busy.set(owner, (busy.get(owner) ?? 1) - 1);
      idle.push({ owner, decoder });
      wake();
    },
    async drop(owner) {
      busy.delete(owner);
      const own = idle.filter((it) => it.owner === owner);
      for (const it of own) idle.splice(idle.indexOf(it), 1);
      await Promise.all(own.map(({ decoder }) => close(decoder)));
      wake();
    },
  };
}
