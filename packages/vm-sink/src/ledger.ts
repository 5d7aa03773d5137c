import type { Watermark } from "@millrace/core";
import { BehaviorSubject, type Observable } from "rxjs";

/** A body on its way. */
export interface SentBody {
  /** Items whose last sample is in this body or an earlier one. */
  readonly items: number;
  /** Samples in this body, and once it was answered those that the database took. */
  samples: number;
  accepted: boolean;
}

/** Where the accepted mark stood at some time. */
interface Mark {
  readonly atMs: number;
  readonly items: number;
  readonly samples: number;
}

/**
 * Turns answered requests into a watermark.
 *
 * Requests are answered in any order; an item counts as accepted once its last body and every body
 * before it were answered. Durable trails behind: what was accepted at one moment is durable once the
 * database is known to have flushed past that moment.
 */
export class Ledger {
  readonly #watermark$ = new BehaviorSubject<Watermark>({ accepted: 0, durable: 0 });
  #inFlight: SentBody[] = [];
  #accepted = 0;
  #samples = 0;
  #durable = 0;
  /** When the accepted mark stood where, oldest first. */
  #history: Mark[] = [];

  get watermark$(): Observable<Watermark> {
    return this.#watermark$;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get durable(): number {
    return this.#durable;
  }

  /** Samples in the bodies up to the accepted mark. */
  get acceptedSamples(): number {
    return this.#samples;
  }

  /** A body is about to be sent; bodies are announced in order. */
  sent(items: number, samples: number): SentBody {
    const body: SentBody = { items, samples, accepted: false };
    this.#inFlight.push(body);
    return body;
  }

  /** The database has the body, or `taken` samples of it where it refused the others for good. */
  answered(body: SentBody, nowMs: number, taken: number = body.samples): void {
    body.accepted = true;
    body.samples = taken;
    let passed = 0;
    for (const first of this.#inFlight) {
      if (!first.accepted) break;
      this.#accepted = first.items;
      this.#samples += first.samples;
      passed += 1;
    }
    if (passed === 0) return;
    this.#inFlight = this.#inFlight.slice(passed);
    // One mark a tick is enough, since durability is judged in seconds; the newest moves along until
    // its tick is over, so that there is always a mark for the newest accepted item.
    const previous = this.#history.at(-2);
    if (previous !== undefined && nowMs - previous.atMs < MARK_EVERY_MS) this.#history.pop();
    this.#history.push({ atMs: nowMs, items: this.#accepted, samples: this.#samples });
    this.#say();
  }

  /**
   * The next item lies in the database from an earlier run. Only before any body is sent.
   *
   * @param durable - it survives a crash of the database
   */
  present(durable: boolean, nowMs: number): void {
    this.#accepted += 1;
    if (durable) this.#durable = this.#accepted;
    else this.#history = [{ atMs: nowMs, items: this.#accepted, samples: 0 }];
    this.#say();
  }

  /** Samples that {@link flushedUntil} of the same time would vouch for, with all before them. */
  acceptedSamplesAt(atMs: number): number {
    return this.#history.findLast((mark) => mark.atMs <= atMs)?.samples ?? 0;
  }

  /** Everything that was accepted at `atMs` is durable. */
  flushedUntil(atMs: number): void {
    let passed = 0;
    for (const mark of this.#history) {
      if (mark.atMs > atMs) break;
      this.#durable = mark.items;
      passed += 1;
    }
    if (passed === 0) return;
    this.#history = this.#history.slice(passed);
    this.#say();
  }

  /** Everything accepted by now is durable. */
  allDurable(): void {
    this.#durable = this.#accepted;
    this.#history = [];
    this.#say();
  }

  complete(): void {
    this.#watermark$.complete();
  }

  #say(): void {
    this.#watermark$.next({ accepted: this.#accepted, durable: this.#durable });
  }
}

const MARK_EVERY_MS = 200;
