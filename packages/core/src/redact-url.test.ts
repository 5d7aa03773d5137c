import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactUrl } from "./redact-url.ts";

describe("redactUrl", () => {
  it.each([
    ["http://me:secret@db:8428/write?token=abc", "http://***@db:8428/write?token=***"],
    ["https://db/path", "https://db/path"],
    ["redis://:secret@cache:6379/0", "redis://***@cache:6379/0"],
    ["http://db/?a=1&a=2&b=3#secret", "http://db/?a=***&a=***&b=***"],
    ["me:secret@db:8428/write", "***@db:8428/write"],
    ["me:sec/ret@db", "***@db"],
    ["db:8428/write?token=abc", "db:8428/write?***"],
    ["http://me:secret@db:no-port/x?y=z", "***@db:no-port/x?***"],
    ["/var/lib/data", "/var/lib/data"],
    ["", ""],
  ])("%s becomes %s", (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  it("takes a URL object", () => {
    expect(redactUrl(new URL("http://u@h/"))).toBe("http://***@h/");
  });

  it("never lets a user, a password or a query value through", () => {
    const secret = fc.stringMatching(/^Q[A-Za-z0-9%+/:]{5,12}Z$/);
    const scheme = fc.constantFrom("http://", "redis://", "");
    fc.assert(
      fc.property(scheme, secret, secret, (prefix, password, token) => {
        const redacted = redactUrl(`${prefix}user:${password}@host/path?token=${token}`);
        expect(redacted).not.toContain(password);
        expect(redacted).not.toContain(token);
        expect(redacted).toContain("host/path");
      }),
    );
  });
});
