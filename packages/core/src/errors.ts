const MARKER: unique symbol = Symbol.for("millrace.error");

/** Machine-readable failure codes. A code is stable; a message is not. */
export type MillraceErrorCode =
  | "ABORTED"
  | "TIMEOUT"
  | "INVALID_OPTION"
  | "MISSING_DEPENDENCY"
  | "UNSUPPORTED"
  | "NOT_FOUND"
  | "CORRUPT_INPUT"
  | "LIMIT_EXCEEDED"
  | "REMOTE_FAILED"
  | "SINK_REJECTED"
  | "OVERFLOW"
  | "CLOSED"
  | "INTERNAL";

/** What a {@link MillraceError} carries besides its code and message. */
export interface MillraceErrorOptions {
  /** The failure beneath this one. */
  readonly cause?: unknown;
  /** True when the same call may succeed later. @defaultValue false */
  readonly retryable?: boolean;
  /** Plain data for machines: sizes, statuses, names. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of the SDK: branch on {@link MillraceError.code}, show the message.
 *
 * A message says what failed, which thing it was, and what to do about it. An aborted call is the
 * exception: it rejects with `signal.reason` itself, unwrapped.
 */
export class MillraceError extends Error {
  /** Always `"MillraceError"`; stable under minification. */
  override readonly name: string = "MillraceError";
  /** What went wrong, for `switch`. */
  readonly code: MillraceErrorCode;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;
  /** Plain data for machines. */
  readonly details: Readonly<Record<string, unknown>>;

  /** Makes an error; the message says what failed, which thing it was, and what to do about it. */
  constructor(code: MillraceErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    // A computed class member cannot be declared under isolatedDeclarations (TS9038).
    Object.defineProperty(this, MARKER, { value: true });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }

  /** True for a {@link MillraceError} of any copy or version of this package. */
  static is(error: unknown): error is MillraceError {
    return typeof error === "object" && error !== null && MARKER in error;
  }
}

/**
 * Passes a {@link MillraceError} through and wraps anything else once, naming the plugin it came from.
 *
 * @param error - what was thrown
 * @param where - the plugin, in words: `source "zip"`
 */
export function wrapError(error: unknown, where: string): MillraceError {
  if (MillraceError.is(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new MillraceError("INTERNAL", `${where} failed: ${text}`, { cause: error });
}
