import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type AccessOptions, checkAccess, withoutSecrets } from "./access.ts";
import { parseEndpoint } from "./endpoint.ts";

function refusalOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("checkAccess", () => {
  it("turns each way to say who asks into headers", () => {
    expect(checkAccess({}).headers).toEqual({});
    expect(checkAccess({ bearerToken: "abc" }).headers).toEqual({ authorization: "Bearer abc" });
    expect(checkAccess({ basic: { username: "mü", password: "p:w" } }).headers).toEqual({
      authorization: `Basic ${Buffer.from("mü:p:w").toString("base64")}`,
    });
    expect(checkAccess({ headers: { "X-Scope-OrgID": "7" } }).headers).toEqual({
      "x-scope-orgid": "7",
    });
  });

  it.each<[AccessOptions, string]>([
    [{ bearerToken: "s3cret\n" }, "bearerToken has a character"],
    [{ bearerToken: "" }, "bearerToken is empty"],
    [{ bearerToken: "s3cret\u2028" }, "bearerToken has a character"],
    [{ headers: { "x-a": "s3cret\r\nx-b: 1" } }, 'headers["x-a"] has a character'],
    [{ headers: { "x a": "s3cret" } }, 'the name "x a"'],
    [{ headers: { "Content-Encoding": "s3cret" } }, "which the sink sets itself"],
    [{ bearerToken: "s3cret", basic: { username: "a", password: "s3cret" } }, "give one of"],
    [{ bearerToken: "s3cret", headers: { Authorization: "s3cret" } }, "give one of"],
    [{ basic: { username: "a:b", password: "s3cret" } }, "basic.username has a colon"],
    [{ tls: { cert: "s3cret" } }, "tls.cert and tls.key belong together"],
    [{ tls: { ca: "s3cret", cert: "s3cret", key: "s3cret" } }, "give them in PEM"],
  ])("refuses %j without repeating a value", (options, message) => {
    const error = refusalOf(() => checkAccess(options));
    expect(error).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    });
    expect(inspect(error, { depth: 10 })).not.toContain("s3cret");
  });

  it("refuses a second one who asks beside the user of the address, and tls without it", () => {
    for (const options of [
      { bearerToken: "s3cret" },
      { basic: { username: "a", password: "s3cret" } },
      { headers: { Authorization: "s3cret" } },
    ]) {
      const error = refusalOf(() => parseEndpoint("http://me:s3cret@db", options));
      expect(error).toMatchObject({
        code: "INVALID_OPTION",
        message: expect.stringContaining("http://db has a user, and the options say otherwise"),
      });
      expect(inspect(error)).not.toContain("s3cret");
    }
    expect(refusalOf(() => parseEndpoint("http://db", { tls: {} }))).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("give https://db."),
    });
  });

  it("knows what no message may repeat", () => {
    const { secrets } = checkAccess({
      basic: { username: "me", password: "s3cret" },
      headers: { "x-key": "k3y-value", "x-tenant": "7" },
    });
    const said = `no ${Buffer.from("me:s3cret").toString("base64")}, s3cret or k3y-value for 7`;
    expect(withoutSecrets(said, secrets)).toBe("no ***, *** or *** for 7");
  });
});
