import { type OriginShare, originsOf } from "./origin.ts";
import type { OriginReadEvent, RunEvent } from "./run-event.ts";

/** What one origin still owes. */
interface OpenOrigin {
  /** Known once its `origin-read` was said. */
  expected: number | undefined;
  accepted: number;
  durable: number;
  acceptSaid: boolean;
}

/** A written item that is not durable yet: its weight and its shares, never the item itself. */
interface WrittenItem {
  readonly count: number;
  readonly shares: readonly OriginShare[];
}

const NO_SHARES: readonly OriginShare[] = [];

/**
 * Turns a sink's watermark (the first n items) into outcomes by origin.
 *
 * Sinks only count; this ledger keeps, for every item between written and durable, which origins it
 * came from. It holds what is in flight and no more: an origin is forgotten when it is durable, or when
 * it is accepted and the sink never reports durability.
 */
export class Acknowledgement {
  /** Units (samples, say) handed to the sink, accepted by it, durable in it. */
  written = 0;
  accepted = 0;
  durable = 0;
  readonly #emit: (event: RunEvent) => void;
  readonly #tracksDurable: boolean;
  readonly #origins = new Map<string, OpenOrigin>();
  // Items still owed; the others are positions counted from the first write, #head that of #queue[0].
  #queue: WrittenItem[] = [];
  #head = 0;
  #acceptedTo = 0;
  #durableTo = 0;
  // Said only when the books are in order, because a listener may make the sink move on at once.
  readonly #unsaid: RunEvent[] = [];

  constructor(emit: (event: RunEvent) => void, tracksDurable: boolean) {
    this.#emit = emit;
    this.#tracksDurable = tracksDurable;
  }

  /** Items accepted so far; never goes back, and never beyond what was written. */
  get acceptedItems(): number {
    return this.#acceptedTo;
  }

  /** Items durable so far; 0 for a sink that never reports durability. */
  get durableItems(): number {
    return this.#durableTo;
  }

  /** What the ledger still holds: items and origins that are not settled. */
  get inFlight(): { readonly items: number; readonly origins: number } {
    return { items: this.#queue.length, origins: this.#origins.size };
  }

  /** Must be called before the item is handed to the sink. */
  wrote(item: unknown): void {
    const shares = originsOf(item);
    let count = shares === undefined ? 1 : 0;
    for (const share of shares ?? NO_SHARES) count += share.count;
    this.written += count;
    this.#queue.push({ count, shares: shares ?? NO_SHARES });
  }

  /** The reading of an origin ended; its count is what the sink will have to accept. */
  originRead(event: OriginReadEvent): void {
    if (event.outcome === "failed" || event.outcome === "skipped") return;
    const origin = this.#open(event.origin);
    origin.expected = event.count;
    this.#settle(event.origin, origin);
    this.#say();
  }

  /** The sink has come this far. Going backwards is ignored. */
  advance(accepted: number, durable: number): void {
    while (this.#acceptedTo < accepted) {
      const item = this.#queue[this.#acceptedTo - this.#head];
      if (item === undefined) break;
      this.#acceptedTo += 1;
      this.accepted += item.count;
      for (const { origin: name, count } of item.shares) {
        if (count === 0) continue;
        const origin = this.#open(name);
        origin.accepted += count;
        this.#settle(name, origin);
      }
    }
    while (this.#tracksDurable && this.#durableTo < Math.min(durable, this.#acceptedTo)) {
      const item = this.#queue[this.#durableTo - this.#head] as WrittenItem;
      this.#durableTo += 1;
      this.durable += item.count;
      for (const { origin: name, count } of item.shares) {
        if (count === 0) continue;
        const origin = this.#open(name);
        origin.durable += count;
        this.#settle(name, origin);
      }
    }
    const settledTo = this.#tracksDurable ? this.#durableTo : this.#acceptedTo;
    this.#queue.splice(0, settledTo - this.#head);
    this.#head = settledTo;
    this.#say();
  }

  #say(): void {
    for (let event = this.#unsaid.shift(); event !== undefined; event = this.#unsaid.shift()) {
      this.#emit(event);
    }
  }

  #open(name: string): OpenOrigin {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { expected: undefined, accepted: 0, durable: 0, acceptSaid: false };
      this.#origins.set(name, origin);
    }
    return origin;
  }

  #settle(name: string, origin: OpenOrigin): void {
    const { expected } = origin;
    if (expected === undefined) return;
    if (!origin.acceptSaid && origin.accepted >= expected) {
      origin.acceptSaid = true;
      this.#unsaid.push({ type: "origin-accept", origin: name, count: expected });
      if (!this.#tracksDurable) this.#origins.delete(name);
    }
    if (this.#tracksDurable && origin.acceptSaid && origin.durable >= expected) {
      this.#origins.delete(name);
      this.#unsaid.push({ type: "origin-durable", origin: name, count: expected });
    }
  }
}
