import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { metricsPage } from "../test/fake-database.ts";
import { type Durability, FLUSH_AGE_MS, watchDurability } from "./durability.ts";
import { Ledger } from "./ledger.ts";
import type { Client } from "./wire/client.ts";
import { parseEndpoint } from "./wire/endpoint.ts";
import { parseServerState } from "./wire/server-state.ts";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A watch over a database that answers as `get` does, and what it said. */
function watched(
  durability: Durability,
  overrides: (path: string) => string | undefined,
  beforePage = metricsPage(1_000),
  thinks: () => Promise<void> = async () => {},
) {
  const ledger = new Ledger();
  const asked: string[] = [];
  const failures: unknown[] = [];
  const controller = new AbortController();
  const client: Client = {
    endpoint: parseEndpoint("http://db"),
    send: async () => {},
    patiently: (call) => call(),
    async *lines() {},
    async get(path) {
      asked.push(path);
      await thinks();
      const answer = overrides(path);
      if (answer !== undefined) return answer;
      if (path === "/metrics") return metricsPage(1_000);
      return JSON.stringify({ status: "ok", snapshot: "s1" });
    },
    close: async () => {},
    destroy: async () => {},
  };
  const before = parseServerState(beforePage);
  const watch = watchDurability(durability, client, ledger, before, controller.signal, (error) =>
    failures.push(error),
  );
  return { ledger, asked, failures, controller, watch };
}

/** What a watch says at its end, however long it waits for it. */
async function settled(watch: ReturnType<typeof watchDurability>): Promise<readonly string[]> {
  const settling = watch.settle();
  await vi.advanceTimersByTimeAsync(4 * FLUSH_AGE_MS);
  return await settling;
}

const accept = (ledger: Ledger, items: number): void =>
  ledger.answered(ledger.sent(items, 0), performance.now());

describe("watchDurability", () => {
  it("moves the durable mark with the age of what was accepted", async () => {
    const { ledger, watch } = watched("age", () => undefined);
    accept(ledger, 1);
    await vi.advanceTimersByTimeAsync(FLUSH_AGE_MS - 5_000);
    accept(ledger, 2);
    expect(ledger.durable).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ledger.durable).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ledger.durable).toBe(2);
    watch.stop();
  });

  it("settles by age, to the very last item", async () => {
    const { ledger, watch } = watched("age", () => undefined);
    accept(ledger, 1);
    await vi.advanceTimersByTimeAsync(1);
    accept(ledger, 2);
    let settled = false;
    const settling = watch.settle().then((note) => {
      settled = true;
      return note;
    });
    await vi.advanceTimersByTimeAsync(FLUSH_AGE_MS - 1_000);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await settling).toEqual([]);
    expect(ledger.durable).toBe(2);
  });

  it("believes a server of nothing before its restart", async () => {
    let started = 1_000;
    const { ledger, failures, watch } = watched("age", (path) =>
      path === "/metrics" ? metricsPage(started) : undefined,
    );
    accept(ledger, 1);
    await vi.advanceTimersByTimeAsync(6_000);
    started = 2_000;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures[0]).toMatchObject({
      code: "REMOTE_FAILED",
      message:
        "The database at http://db was restarted during the run; what it had accepted in the last seconds before may be lost. Run the load again.",
    });
    const settling = watch.settle();
    await vi.advanceTimersByTimeAsync(60_000);
    await settling;
    expect(ledger.durable).toBe(0);
  });

  it("notices a restart while it waits for the age", async () => {
    let started = 1_000;
    const { ledger, failures, watch } = watched("age", (path) =>
      path === "/metrics" ? metricsPage(started) : undefined,
    );
    accept(ledger, 1);
    const settling = watch.settle();
    started = 2_000;
    await vi.advanceTimersByTimeAsync(60_000);
    await settling;
    expect(failures).toHaveLength(1);
    expect(ledger.durable).toBe(0);
  });

  it("takes silence for no proof, and the next answer for one", async () => {
    let silent = true;
    const { ledger, watch } = watched("age", () => {
      if (silent) throw new Error("no answer");
      return undefined;
    });
    accept(ledger, 1);
    let settled = false;
    const settling = watch.settle().then(() => {
      settled = true;
    });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(settled).toBe(false);
    expect(ledger.durable).toBe(0);
    silent = false;
    await vi.advanceTimersByTimeAsync(1_000);
    await settling;
    expect(ledger.durable).toBe(1);
  });

  it("settles at once by a snapshot, which it deletes", async () => {
    const { ledger, asked, watch } = watched("snapshot", () => undefined);
    accept(ledger, 3);
    expect(await watch.settle()).toEqual([]);
    expect(ledger.durable).toBe(3);
    expect(asked).toEqual(["/snapshot/create", "/metrics", "/snapshot/delete?snapshot=s1"]);
  });

  it("does not believe in the snapshot of a restarted server, and deletes it all the same", async () => {
    const { ledger, asked, failures, watch } = watched("snapshot", (path) =>
      path === "/metrics" ? metricsPage(2_000) : undefined,
    );
    accept(ledger, 3);
    await watch.settle();
    expect(failures).toHaveLength(1);
    expect(ledger.durable).toBe(0);
    expect(asked.at(-1)).toBe("/snapshot/delete?snapshot=s1");
  });

  it.each([
    ["an error", '{"status":"error","msg":"disabled"}'],
    ["no JSON", "not found"],
    ["a failure", undefined],
  ])("waits for the age where snapshots end in %s, and says so", async (_, answer) => {
    const { ledger, watch } = watched("snapshot", (path) => {
      if (path !== "/snapshot/create") return undefined;
      if (answer === undefined) throw new Error("401");
      return answer;
    });
    accept(ledger, 1);
    const settling = watch.settle();
    await vi.advanceTimersByTimeAsync(FLUSH_AGE_MS + 1_000);
    expect(await settling).toEqual([
      "The database takes no snapshots for us, so durability was established by waiting 15 s.",
    ]);
    expect(ledger.durable).toBe(1);
  });

  it("names a snapshot that could not be deleted", async () => {
    const { ledger, watch } = watched("snapshot", (path) => {
      if (path.startsWith("/snapshot/delete")) throw new Error("500");
      return undefined;
    });
    accept(ledger, 1);
    expect(await watch.settle()).toEqual([expect.stringContaining("/snapshot/delete?snapshot=s1")]);
    expect(ledger.durable).toBe(1);
  });

  it("asks nothing and claims nothing without durability", async () => {
    const { ledger, asked, watch } = watched("none", () => undefined);
    accept(ledger, 1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await watch.settle()).toEqual([]);
    expect(ledger.durable).toBe(0);
    expect(asked).toEqual([]);
  });

  it("takes no snapshot of nothing", async () => {
    const { asked, watch } = watched("snapshot", () => undefined);
    expect(await watch.settle()).toEqual([]);
    expect(asked).toEqual([]);
  });

  describe("with a server that counts", () => {
    const page = (rows: number, uptime: number, ...lines: readonly string[]): string =>
      metricsPage(
        1_000,
        `vm_app_uptime_seconds ${uptime}`,
        `vm_rows_inserted_total{type="promremotewrite"} ${rows}`,
        ...lines,
      );
    const accept10 = (ledger: Ledger, items: number): void =>
      ledger.answered(ledger.sent(items, 10), performance.now());
    /** A watch whose server said `before` first and says `now()` since; each page is a second newer. */
    const counting = (durability: Durability, now: () => string) => {
      let uptime = 10;
      return watched(
        durability,
        (path) => {
          if (path !== "/metrics") return undefined;
          uptime += 1;
          return now().replace(/^(vm_app_uptime_seconds) .*/m, `$1 ${uptime}`);
        },
        page(500, 10),
      );
    };

    it("calls durable what it has counted", async () => {
      const { ledger, watch } = counting("snapshot", () => page(530, 0));
      accept10(ledger, 1);
      accept10(ledger, 2);
      expect(await settled(watch)).toEqual([]);
      expect(ledger.durable).toBe(2);
    });

    it("notices by its counters a restart within the second of its start", async () => {
      let rows = 520;
      const { ledger, failures, watch } = counting("age", () => page(rows, 0));
      accept10(ledger, 1);
      accept10(ledger, 2);
      await vi.advanceTimersByTimeAsync(6_000);
      expect(failures).toEqual([]);
      rows = 3;
      await vi.advanceTimersByTimeAsync(FLUSH_AGE_MS);
      expect(failures[0]).toMatchObject({ message: expect.stringContaining("was restarted") });
      expect(ledger.durable).toBe(0);
      watch.stop();
    });

    it("notices it even if it was asked only once before, and had counted nothing then", async () => {
      const before = page(0, 0);
      const { ledger, failures, watch } = watched(
        "age",
        (path) => (path === "/metrics" ? before : undefined),
        before,
      );
      accept10(ledger, 1);
      await settled(watch);
      expect(failures[0]).toMatchObject({ message: expect.stringContaining("was restarted") });
      expect(ledger.durable).toBe(0);
    });

    it("does not believe in a snapshot of one that forgot rows, nor in its age", async () => {
      const { ledger, failures, watch } = counting("snapshot", () => page(505, 0));
      accept10(ledger, 1);
      await settled(watch);
      expect(failures).toHaveLength(1);
      expect(ledger.durable).toBe(0);
    });

    it.each(["age", "snapshot"] as const)(
      "calls nothing durable (%s) once it has dropped rows, says which, and does not wait for it",
      async (durability) => {
        const { ledger, failures, watch } = counting(durability, () =>
          page(520, 0, "vm_hourly_series_limit_rows_dropped_total 4"),
        );
        accept10(ledger, 1);
        accept10(ledger, 2);
        expect(await settled(watch)).toEqual([
          "The database at http://db dropped rows that it had answered for (4 by hourly_series_limit), perhaps ours, so what it accepted since is not called durable.",
        ]);
        expect(ledger.durable).toBe(0);
        expect(failures).toEqual([]);
      },
    );

    it("keeps what was durable before the first row was dropped", async () => {
      const lines: string[] = [];
      const { ledger, watch } = counting("age", () => page(530, 0, ...lines));
      accept10(ledger, 1);
      await vi.advanceTimersByTimeAsync(FLUSH_AGE_MS + 5_000);
      expect(ledger.durable).toBe(1);
      accept10(ledger, 2);
      lines.push("vm_relabel_metrics_dropped_total 1");
      expect(await settled(watch)).toEqual([expect.stringContaining("(1 by relabel)")]);
      expect(ledger.durable).toBe(1);
    });
  });

  it("asks one question at a time", async () => {
    let answer: (() => void) | undefined;
    const { ledger, asked, watch } = watched(
      "age",
      () => undefined,
      undefined,
      async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      },
    );
    accept(ledger, 1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toHaveLength(1);
    answer?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(2);
    watch.stop();
  });

  it("stops waiting when the run is aborted", async () => {
    const { ledger, controller, watch } = watched("age", () => undefined);
    accept(ledger, 1);
    const reason = new Error("enough");
    const settling = expect(watch.settle()).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort(reason);
    await vi.advanceTimersByTimeAsync(1_000);
    await settling;
    expect(ledger.durable).toBe(0);
  });
});
