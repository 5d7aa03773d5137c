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
    ["http://db/vm/api/v1/import/prometheus/", "http://db", "/vm"],
    ["http://db/vm/api/v1/query", "http://db", "/vm/api/v1/query"],
    ["http://[::1]:8428/x", "http://[::1]:8428", "/x"],
  ])("reads %s", (url, origin, prefix) => {
    const endpoint = parseEndpoint(url);
    expect(endpoint).toEqual({
      origin,
      prefix,
      root: prefix,
      headers: {},
      secrets: [],
      extraLabels: {},
      importQuery: "",
      shown: `${origin}${prefix}`,
    });
  });

  it.each([
    ["http://in:8480/insert/0:7/prometheus/", "", "0:7"],
    ["http://in:8480/insert/0:7/prometheus/api/v1/write", "", "0:7"],
    ["http://in:8480/insert/0:7/prometheus/api/v1/import/prometheus", "", "0:7"],
    ["http://in:8480/insert/0:7", "", "0:7"],
    ["http://in:8480/proxy/insert/42/prometheus", "/proxy", "42"],
    ["http://in:8480/insert/multitenant/prometheus", "", "multitenant"],
  ])("reads %s of a cluster, whose own pages are above the tenant", (url, root, tenant) => {
    expect(parseEndpoint(url)).toMatchObject({
      origin: "http://in:8480",
      prefix: `${root}/insert/${tenant}/prometheus`,
      root,
      cluster: { role: "insert", tenant },
    });
  });

  it("takes no other path for one of a cluster", () => {
    for (const path of ["/insert/me/prometheus", "/insert/0/influx", "/x/insert"]) {
      const endpoint = parseEndpoint(`http://db${path}`);
      expect(endpoint).toMatchObject({ prefix: path, root: path });
      expect(endpoint.cluster).toBeUndefined();
    }
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

  it("keeps the labels that an import is to add, for imports only", () => {
    const query = "?extra_label=site=Berlin%20Mitte&extra_label=rack=a%3Db%26c&extra_label=site=K";
    const endpoint = parseEndpoint(`http://db:8428/vm/api/v1/write${query}`);
    expect(endpoint).toMatchObject({ prefix: "/vm", shown: "http://db:8428/vm" });
    expect(endpoint.extraLabels).toEqual({ site: "K", rack: "a=b&c" });
    expect([...new URLSearchParams(endpoint.importQuery)]).toEqual([
      ["extra_label", "site=K"],
      ["extra_label", "rack=a=b&c"],
    ]);
  });

  it.each([
    ["?token=s3cret", 'has the parameter "token", which means nothing to an import'],
    ["?extra_label=a=b&match[]=up", 'has the parameter "match[]"'],
    ["?extra_label=s3cret", "has an extra_label that is no label for all series"],
    ["?extra_label==s3cret", "has an extra_label that is no label for all series"],
    ["?extra_label=a=", "has an extra_label that is no label for all series"],
    ["?extra_label=__name__=s3cret", "has an extra_label that is no label for all series"],
    ["#s3cret", "has a part behind a #"],
  ])("refuses %s, which a database would not heed", (rest, message) => {
    let thrown: unknown;
    try {
      parseEndpoint(`http://db:8428/${rest}`);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    });
    expect(String(thrown)).not.toContain("s3cret");
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
