import { median } from "./median.ts";

/** Requests for frames, and what the server said of each. */
export interface FrameMeasures {
  /** Milliseconds of each, as the client saw them. */
  readonly ms: readonly number[];
  /** Asks for the frame of the clip `bench` at a time; `HIT` or `MISS`. */
  frame(t: number, more: string): Promise<string>;
  /** Forgets the last one. */
  dropLast(): void;
  /** How many were in the cache, and the median of each span of `Server-Timing`. */
  told(): Readonly<Record<string, number>>;
}

/** Begins without any. */
export function frameMeasures(url: string): FrameMeasures {
  const ms: number[] = [];
  const statuses: string[] = [];
  const spans = new Map<string, number[]>();
  return {
    ms,
    async frame(t, more) {
      const startedMs = performance.now();
      const answer = await fetch(`${url}/api/gpu/video/bench/frame?t=${t}${more}`);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`t=${t}: ${answer.status}`);
      ms.push(performance.now() - startedMs);
      for (const span of (answer.headers.get("server-timing") ?? "").split(", ")) {
        const [name = "", duration] = span.split(";dur=");
        if (duration === undefined) continue;
        spans.set(name, [...(spans.get(name) ?? []), Number(duration)]);
      }
      const status = answer.headers.get("x-cache-status") ?? "";
      statuses.push(status);
      return status;
    },
    dropLast() {
      ms.pop();
      statuses.pop();
      for (const values of spans.values()) values.pop();
    },
    told: () => ({
      hits: statuses.filter((status) => status === "HIT").length,
      ...Object.fromEntries([...spans].map(([name, values]) => [name, median(values)])),
    }),
  };
}
