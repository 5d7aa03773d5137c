/** Someone who waits for an answer. */
export interface Waiter<Result> {
  resolve(result: Result): void;
  reject(error: unknown): void;
  /** Moment by which the answer is wanted; infinite when there is none. */
  readonly deadlineMs: number;
  /** Stops listening to the caller's signal. */
  release(): void;
}

/** The work of one item, for all who wait for it. */
export interface BatchRequest<Item, Result> {
  readonly item: Item;
  readonly bucket: string;
  readonly key: string | undefined;
  readonly stream: string | undefined;
  /** Work units. */
  readonly cost: number;
  /** Grows with each request. */
  readonly number: number;
  readonly arrivedMs: number;
  /** The first of its waiters' deadlines. */
  deadlineMs: number;
  priority: number;
  /** Place in the queue: the highest goes first. */
  score: number;
  readonly waiters: Set<Waiter<Result>>;
  /** Once it runs: to be called when its last waiter has gone. */
  abandon: (() => void) | undefined;
}
