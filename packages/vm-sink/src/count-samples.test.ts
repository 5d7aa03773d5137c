import { describe, expect, it, onTestFinished } from "vitest";
import { type FakeDatabaseOptions, fakeDatabase, reply } from "../test/fake-database.ts";
import { START_MS } from "../test/samples.ts";
import { countSamples } from "./count-samples.ts";

const NOON_MS = START_MS + 43_200_000;

async function counted(get: FakeDatabaseOptions["get"], user = "") {
  const fake = await fakeDatabase(get === undefined ? {} : { get });
  onTestFinished(() => fake[Symbol.asyncDispose]());
  const url = fake.url.replace("http://", `http://${user}`);
  const count = countSamples({ url, labels: { __name__: "a" }, fromMs: NOON_MS, toMs: NOON_MS });
  return { fake, count: await count.catch((error: unknown) => error) };
}

describe("countSamples", () => {
  it("makes recent samples visible first, and uses no cache", async () => {
    const { fake, count } = await counted((path, response) => {
      if (!path.startsWith("/api/v1/query")) return false;
      reply(response, 200, '{"data":{"result":[{"metric":{},"value":[1,"42"]}]}}');
      return true;
    });
    expect(count).toBe(42);
    expect(fake.asked[0]).toBe("/internal/force_flush");
    expect(fake.asked[1]).toContain("nocache=1");
    expect(fake.asked).toHaveLength(2);
  });

  it.each([
    ['{"status":"success","data":{"result":{}}}'],
    ['{"data":{"result":[{"value":[1,"NaN"]}]}}'],
    ['{"data":{"result":[{}]}}'],
    ["{}"],
  ])("does not take %s for a count", async (text) => {
    const { count } = await counted((path, response) => {
      if (!path.startsWith("/api/v1/query")) return false;
      reply(response, 200, text);
      return true;
    }, "me:s3cret@");
    expect(count).toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("gave no count for"),
    });
    expect(String(count)).not.toContain("s3cret");
  });

  it("tells of a page that is no JSON as of a wrong answer", async () => {
    const { count } = await counted((path, response) => {
      if (!path.startsWith("/api/v1/query")) return false;
      reply(response, 200, "<html>");
      return true;
    });
    expect(count).toMatchObject({ code: "REMOTE_FAILED" });
  });

  it("does not take an export of the first hour that is none for a count", async () => {
    const fake = await fakeDatabase({
      get(path, response) {
        reply(response, 200, path.startsWith("/api/v1/export") ? "<html>" : "");
        return true;
      },
    });
    onTestFinished(() => fake[Symbol.asyncDispose]());
    const counting = countSamples({ url: fake.url, labels: {}, fromMs: 0, toMs: 1 });
    await expect(counting).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("exported no series, but <html>"),
    });
  });

  it("counts the series with the labels that the address adds, and none by those it replaces", async () => {
    const fake = await fakeDatabase();
    onTestFinished(() => fake[Symbol.asyncDispose]());
    const url = `${fake.url}/?extra_label=site=K`;
    const range = { url, fromMs: NOON_MS, toMs: NOON_MS };
    await countSamples({ ...range, labels: { a: "b" } }).catch(() => {});
    expect(fake.asked[1]).toMatch(/^\/api\/v1\/query\?query=/);
    expect(decodeURIComponent(fake.asked[1] ?? "")).toMatch(/,a="b",site="K"\}/);
    await expect(countSamples({ ...range, labels: { site: "L" } })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: `Nothing can be counted by the label site, because the address ${fake.url} replaces it with an extra_label on every series.`,
    });
  });

  it("rejects with the reason of its signal", async () => {
    const fake = await fakeDatabase({ meet: () => true });
    onTestFinished(() => fake[Symbol.asyncDispose]());
    const controller = new AbortController();
    const reason = new Error("enough");
    const { signal } = controller;
    const counting = countSamples({ url: fake.url, labels: {}, fromMs: 0, toMs: 1, signal });
    const outcome = expect(counting).rejects.toBe(reason);
    controller.abort(reason);
    await outcome;
  });
});
