import type { SinkWriter, Watermark } from "../flow/contracts.ts";

/** What a writer's `watermark$` said so far. */
export interface WatchedWatermark {
  /** Writes begun; the suite counts them here, before each call. */
  written: number;
  /** Said on subscription, synchronously. */
  readonly first: Watermark | undefined;
  readonly last: Watermark | undefined;
  /** The first rule that a value broke. */
  readonly complaint: string | undefined;
  /** Settles when `watermark$` completes; rejects when it fails. */
  readonly ended: Promise<void>;
  /** Stops listening. */
  stop(): void;
}

/** Follows the watermark of one writer and notes the first value that breaks a rule. */
export function watchWatermark(
  writer: SinkWriter<never, unknown>,
  onMark: (mark: Watermark) => void = () => {},
): WatchedWatermark {
  let last: Watermark | undefined;
  let complaint: string | undefined;
  let ended = (): void => {};
  let failed = (_error: unknown): void => {};
  const end = new Promise<void>((resolve, reject) => {
    ended = resolve;
    failed = reject;
  });
  end.catch(() => {});
  const marks = {
    written: 0,
    first: undefined as Watermark | undefined,
    get last() {
      return last;
    },
    get complaint() {
      return complaint;
    },
    ended: end,
    stop: () => subscription.unsubscribe(),
  };
  const subscription = writer.watermark$.subscribe({
    next(mark) {
      complaint ??= complaintAbout(mark, last, marks.written);
      last = mark;
      onMark(mark);
    },
    error: (error: unknown) =>
      failed(new Error(`watermark$ failed: ${String(error)}`, { cause: error })),
    complete: () => ended(),
  });
  marks.first = last;
  return marks;
}

function complaintAbout(
  mark: Watermark,
  before: Watermark | undefined,
  written: number,
): string | undefined {
  const { accepted, durable } = mark;
  for (const key of ["accepted", "durable"] as const) {
    const from = before?.[key] ?? 0;
    if (!Number.isInteger(mark[key])) return `watermark: ${key} is ${mark[key]}, no whole number`;
    if (mark[key] < from) return `watermark went backwards: ${key} ${mark[key]} after ${from}`;
  }
  if (durable > accepted) return `watermark: durable ${durable} is above accepted ${accepted}`;
  if (accepted > written) {
    return `watermark: accepted ${accepted} when only ${written} writes had begun`;
  }
  return undefined;
}
