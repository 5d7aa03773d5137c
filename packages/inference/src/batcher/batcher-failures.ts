import { MillraceError } from "@millrace/core";

/** The queue is full. */
export function overflow(capacity: number): MillraceError {
  return new MillraceError(
    "OVERFLOW",
    `batcher: ${capacity} items wait already; send fewer, or raise capacity.`,
    { retryable: true, details: { capacity } },
  );
}

/** The item was not launched within its time. */
export function tooLate(waitedMs: number): MillraceError {
  return new MillraceError(
    "TIMEOUT",
    `batcher: the item waited ${waitedMs.toFixed(0)} ms and was not launched in time; give it more, or send fewer.`,
    { retryable: true, details: { waitedMs } },
  );
}

/** The item does not fit into any batch. */
export function tooLarge(cost: number, budget: number): MillraceError {
  const message = Number.isNaN(cost) || cost < 0 ? "a cost is 0 or more" : `a batch has ${budget}`;
  return new MillraceError("LIMIT_EXCEEDED", `batcher: the item costs ${cost}, and ${message}.`, {
    details: { cost, budget },
  });
}

/** It was closed before. */
export function closed(): MillraceError {
  return new MillraceError("CLOSED", "batcher: it was closed; make another one.");
}

/** Nobody waits for a batch any more. */
export function cancelled(): MillraceError {
  return new MillraceError("ABORTED", "batcher: nobody waits for this batch any more.");
}

/** `run` breaks its contract. */
export function wrongCount(results: unknown, wanted: number): MillraceError {
  const given = Array.isArray(results) ? `${results.length} results` : typeof results;
  return new MillraceError(
    "INTERNAL",
    `batcher: run gave ${given} for ${wanted} items; it has to give one for each.`,
  );
}

/** An option of one item has no sense. */
export function wrongOption(name: string, value: number): MillraceError {
  const wanted = name === "withinMs" ? "0 or more" : "a finite number";
  return new MillraceError("INVALID_OPTION", `batcher: ${name} is ${value}; give ${wanted}.`);
}
