import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Base64 } from "./js-base64.ts";
import UrlParse from "./url-parse.ts";

describe("names of files", () => {
  it("are encoded as the server decodes them, in any script", () => {
    expect(Base64.encode("жүйе.zip")).toBe("0LbSr9C50LUuemlw");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(Buffer.from(Base64.encode(text), "base64").toString("utf8")).toBe(text);
      }),
    );
  });
});

describe("the address of a new upload", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["/v1/uploads/7", "http://localhost:8080/v1/uploads/7"],
    ["uploads/7", "http://localhost:8080/v1/uploads/7"],
    ["//store.example/7", "http://store.example/7"],
    ["https://store.example/7?part=1", "https://store.example/7?part=1"],
  ])("%s is within the page, or where the server said", (location, address) => {
    vi.stubGlobal("location", { href: "http://localhost:8080/upload" });
    expect(UrlParse(location, "/v1/uploads").toString()).toBe(address);
    const url = new (UrlParse as unknown as new (link: string, base: string) => URL)(
      location,
      "http://localhost:8080/v1/uploads",
    );
    expect(url.toString()).toBe(address);
  });
});
