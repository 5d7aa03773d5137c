import { inspect } from "node:util";
import type { Logger } from "@millrace/core";
import { testContext } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { fakeDatabase, reply } from "../test/fake-database.ts";
import { bodies, loadInto } from "../test/fake-load.ts";
import { countSamples } from "./count-samples.ts";

const SECRET = "s3cret-value";

describe("credentials", () => {
  const ways = [
    { bearerToken: SECRET },
    { basic: { username: "me", password: SECRET } },
    { headers: { "X-Api-Key": SECRET } },
  ];
  const basic = `Basic ${Buffer.from(`me:${SECRET}`).toString("base64")}`;

  it.each(ways)("go with every request", async (way) => {
    const seen: unknown[] = [];
    const right = [`Bearer ${SECRET}`, basic, SECRET];
    await using fake = await fakeDatabase({
      meet({ headers }, response) {
        const said = headers.authorization ?? headers["x-api-key"];
        seen.push(said);
        if (right.includes(said as string)) return false;
        reply(response, 401);
        return true;
      },
    });
    const options = { ...way, durability: "snapshot" } as const;
    await loadInto(fake.url, bodies(2), options);
    expect(new Set(seen).size).toBe(1);
    expect(fake.asked.some((path) => path.startsWith("/snapshot/create"))).toBe(true);
    await expect(loadInto(fake.url, bodies(2))).rejects.toThrow("check user and password, or the");
    // The fake says nothing to count, which is another failure than one of access.
    const count = countSamples({ url: fake.url, ...way, labels: {}, fromMs: 0, toMs: 1e12 });
    await expect(count).rejects.toThrow("gave no count");
  });

  it.each(ways)("show up nowhere, even if the server repeats them", async (way) => {
    const logged: unknown[] = [];
    const logger = new Proxy({} as Logger, {
      get: (_, name) =>
        name === "child" ? () => logger : (...args: unknown[]) => logged.push(args),
    });
    for (const status of [400, 401, 503]) {
      await using fake = await fakeDatabase({
        answer({ headers, number }, response) {
          if (number > 3 && status === 503) reply(response, 204);
          else reply(response, status, `bad ${headers.authorization ?? headers["x-api-key"]}`);
        },
      });
      const context = { ...testContext(), logger };
      const ended = await loadInto(fake.url, bodies(3), way, context).catch((error) => error);
      const everything = inspect([ended, context.events, logged], { depth: 20 });
      expect(everything).toContain(status === 401 ? "refuses these" : "***");
      expect(everything).not.toContain(SECRET);
      expect(everything).not.toContain(basic.slice(6));
    }
  });
});
