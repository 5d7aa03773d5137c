import { expect } from "vitest";
import { MillraceError } from "../errors.ts";

/** Checks that a call is refused with this code. */
export async function expectRefused(
  call: Promise<unknown>,
  code: string,
  what: string,
): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(
    MillraceError.is(error),
    `${what} should reject with a MillraceError ${code}, and ${error === undefined ? "resolves" : `rejects with ${error}`}`,
  ).toBe(true);
  expect((error as MillraceError).code, `code of ${what}`).toBe(code);
}
