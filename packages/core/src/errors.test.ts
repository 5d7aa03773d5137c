import { describe, expect, it } from "vitest";
import { MillraceError, wrapError } from "./errors.ts";

describe("MillraceError", () => {
  it("carries code, cause, details and whether a retry may help", () => {
    const cause = new Error("503");
    const error = new MillraceError("REMOTE_FAILED", "The database refused the write.", {
      cause,
      retryable: true,
      details: { status: 503 },
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "MillraceError",
      code: "REMOTE_FAILED",
      message: "The database refused the write.",
      retryable: true,
      details: { status: 503 },
    });
    expect(error.cause).toBe(cause);
  });

  it("is not retryable and has no cause unless told so", () => {
    const error = new MillraceError("CLOSED", "Closed.");
    expect(error.retryable).toBe(false);
    expect(error.details).toEqual({});
    expect("cause" in error).toBe(false);
  });

  it("is recognised across copies of the package", () => {
    const marker = Symbol.for("millrace.error");
    const foreign = Object.defineProperty(new Error("from another copy"), marker, { value: true });
    expect(MillraceError.is(foreign)).toBe(true);
    expect(MillraceError.is(new Error("plain"))).toBe(false);
    for (const value of [undefined, null, "text", 1]) expect(MillraceError.is(value)).toBe(false);
  });
});

describe("wrapError", () => {
  it("wraps a foreign failure once, naming the plugin and keeping the cause", () => {
    const cause = new TypeError("x is undefined");
    const wrapped = wrapError(cause, 'source "zip"');
    expect(wrapped.code).toBe("INTERNAL");
    expect(wrapped.message).toBe('source "zip" failed: x is undefined');
    expect(wrapped.cause).toBe(cause);
    expect(wrapError(wrapped, 'stage "parse"')).toBe(wrapped);
  });

  it("copes with values that are no errors", () => {
    expect(wrapError("out of paper", "sink")).toMatchObject({
      message: "sink failed: out of paper",
      cause: "out of paper",
    });
  });
});
