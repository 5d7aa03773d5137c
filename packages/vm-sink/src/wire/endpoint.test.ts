import { describe, expect, it } from "vitest";
import { parseEndpoint } from "./endpoint.ts";

describe("parseEndpoint", () => {
  it.each([
    ["http://db:8428", "http://db:8428", ""],
    ["http://db:8428/", "http://db:8428", ""],
    ["http://db:8428///", "http://db:8428", ""],
    ["https://db", "https://db", ""],
    ["http://db:8428/api/v1/write", "http://db:8428", ""],
    ["http://db:8428/api/v1/write/", "http://db:8428", ""],
    ["http://db:8428/api/v1/write//", "http://db:8428", ""],
    ["http://db:8428/api/v1/import", "http://db:8428", ""],
    ["http://db:8428/api/v1/import/prometheus", "http://db:8428", ""],
    ["http://db:8480/insert/0:7/prometheus/", "http://db:8480", "/insert/0:7/prometheus"],
    ["http://db/vm/api/v1/import/prometheus/", "http://db", "/vm"],
    ["http://db/vm/api/v1/query", "http://db", "/vm/api/v1/query"],
    ["http://[::1]:8428/x", "http://[::1]:8428", "/x"],
  ])("reads %s", (url, origin, prefix) => {
    const endpoint = parseEndpoint(url);
    expect(endpoint).toEqual({ origin, prefix, headers: {}, shown: `${origin}${prefix}` });
  });

  it.each([
    ["http://me:secret@db:8428/vm", "me:secret"],
    ["http://me:s%3Aec%2Fret%40@db:8428/vm", "me:s:ec/ret@"],
    ["http://me@db:8428/vm", "me:"],
    ["http://:secret@db:8428/vm", ":secret"],
    ["http://m%C3%BC:100%@db:8428/vm", "mü:100%"],
  ])("turns the user of %s into a header and shows nothing of it", (url, user) => {
    const endpoint = parseEndpoint(url);
    const { authorization } = endpoint.headers;
    expect(Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64").toString()).toBe(user);
    expect(endpoint.shown).toBe("http://db:8428/vm");
    expect(endpoint.origin).toBe("http://db:8428");
  });

  it.each([
    "",
    "db:8428",
    "ftp://me:secret@db",
    "me:secret@db:8428",
    "http://",
    "http://me:sec/ret@db:8428",
    "//me:secret@db",
  ])("refuses %j without repeating its secrets", (url) => {
    let thrown: unknown;
    try {
      parseEndpoint(url);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("give one such as http://localhost:8428."),
    });
    expect(String(thrown)).not.toMatch(/sec\/?ret/);
  });
});
