import { describe, expect, it } from "vitest";
import { askable, parseTarget } from "./target.ts";

const INSERT = "http://vminsert:8480/insert/7/prometheus";

describe("parseTarget", () => {
  it("asks the vmselect of the same tenant, with the same credentials", () => {
    const target = parseTarget({
      url: INSERT,
      selectUrl: "http://vmselect:8481/select/7:0/prometheus",
      bearerToken: "abc",
    });
    expect(askable(target)).toMatchObject({
      origin: "http://vmselect:8481",
      prefix: "/select/7:0/prometheus",
      root: "",
      headers: { authorization: "Bearer abc" },
    });
    expect(askable(parseTarget({ url: "http://db" })).origin).toBe("http://db");
  });

  it("asks in plain http what is addressed so, though the data goes by TLS", () => {
    const url = "https://vminsert:8480/insert/7/prometheus";
    const selectUrl = "http://vmselect:8481/select/7/prometheus";
    const { endpoint, select } = parseTarget({ url, selectUrl, tls: { serverName: "db" } });
    expect(endpoint.tls).toEqual({ servername: "db" });
    expect(select?.tls).toBeUndefined();
  });

  it.each([
    ["http://vmselect:8481/select/7/prometheus", undefined, "data goes to a vminsert"],
    [INSERT, "http://vmselect:8481/select/8/prometheus", "not of the tenant"],
    [INSERT, "http://vmselect:8481", "not of the tenant"],
    [INSERT, "http://vmselect:8481/insert/7/prometheus", "which only takes data"],
    [INSERT, "http://vmselect:8481/select/7/prometheus?extra_label=a=b", "has an extra_label"],
    [
      "http://vminsert:8480/insert/multitenant/prometheus",
      "http://vmselect:8481/select/multitenant/prometheus",
      "cannot be looked up at one address",
    ],
  ])("refuses %s with %s", (url, selectUrl, message) => {
    expect(() => parseTarget({ url, ...(selectUrl === undefined ? {} : { selectUrl }) })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("says whom to name where nobody can be asked", () => {
    expect(() => askable(parseTarget({ url: INSERT }))).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: expect.stringContaining("http://vmselect:8481/select/7/prometheus"),
      }),
    );
  });
});
