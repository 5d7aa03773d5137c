import { describe, expect, it } from "vitest";
import { pageOrigins } from "./page-origins.ts";

const host = "127.0.0.1:8080";
const GOOD = "https://good.example";

describe("pages that may come", () => {
  it.each([
    [undefined, undefined, true],
    [undefined, `http://${host}`, true],
    // A proxy that ends TLS leaves the host as it is.
    [undefined, `https://${host}`, true],
    [undefined, "http://127.0.0.1:8081", false],
    [undefined, GOOD, false],
    [undefined, "null", false],
    [undefined, "no origin", false],
    [[GOOD], GOOD, true],
    [[GOOD], `http://${host}`, true],
    [[GOOD], "http://good.example", false],
    [[GOOD], "https://good.example.evil.example", false],
    [[GOOD], "null", false],
    ["*", "null", true],
    ["*", GOOD, true],
  ] as const)("allowedOrigins %j, a page of %s: %s", (allowed, origin, may) => {
    const refusal = pageOrigins("test", allowed).refusalOf({ host, ...(origin && { origin }) });
    if (may) expect(refusal).toBeUndefined();
    else expect(refusal?.message).toContain(`${origin} may not come here: allowedOrigins`);
  });

  it("are told so in the words of CORS, each by its own name", () => {
    const named = pageOrigins("test", [GOOD, "capacitor://localhost"]);
    expect(named.permissionFor({ origin: GOOD })).toEqual({
      "access-control-allow-origin": GOOD,
      vary: "Origin",
    });
    expect(named.permissionFor({ origin: "https://bad.example" })).toEqual({ vary: "Origin" });
    expect(named.permissionFor({})).toEqual({ vary: "Origin" });
    expect(pageOrigins("test").permissionFor({ origin: GOOD })).toEqual({});
    expect(pageOrigins("test", "*").permissionFor({})).toEqual({
      "access-control-allow-origin": "*",
    });
  });
});

it.each([
  [["https://example.org/"]],
  [["example.org"]],
  // No browser says it so.
  [["https://Example.org"]],
  [["https://example.org:443"]],
  [["*"]],
  [["null"]],
  [["https://a.example,https://b.example"]],
  [["a\r\nb: c"]],
  ["https://example.org"],
] as const)("what is no list of origins is refused by name: %j", (allowed) => {
  expect(() => pageOrigins("test", allowed as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: expect.stringContaining("test: allowedOrigins holds"),
    }),
  );
});
