import { validate } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { ingestSettings, settingVariables } from "./settings.ts";

const check = (settings: object) =>
  validate(ingestSettings, { inputs: ["a.zip"], ...settings }, "test");

describe("the settings of ingest", () => {
  it("are complete with an input alone", async () => {
    expect(await check({})).toEqual({
      inputs: ["a.zip"],
      vmUrl: "http://localhost:8428",
      vmHeaders: {},
      vmInsecure: false,
      allowPrivateAddresses: false,
      vm: true,
      workers: 2,
      limits: {},
      metrics: "all",
      dropNotCollected: false,
      naming: "seed",
      controllerLabel: false,
      metricIdLabel: false,
      labels: {},
      renameLabels: {},
      sourceOptions: {},
      parserOptions: {},
      stages: [],
      gzip: false,
      sinkOptions: {},
      verify: false,
      dryRun: false,
      checkpoints: true,
      resume: false,
      restart: false,
      skipExisting: false,
      json: false,
      quiet: false,
      monitor: false,
    });
  });

  it("read numbers and switches from text, as the environment gives them", async () => {
    const given = { workers: "8", batchSize: "50000", verify: "1", quiet: "true", json: "false" };
    expect(await check(given)).toMatchObject({
      workers: 8,
      batchSize: 50_000,
      verify: true,
      quiet: true,
      json: false,
    });
  });

  it.each([
    [{ workers: "1e3" }, 'workers: give a whole number, not "1e3"'],
    [{ workers: "-1" }, 'workers: give a whole number, not "-1"'],
    [{ workers: 1.5 }, "workers: give a whole number, not 1.5"],
    [{ workers: 0 }, "workers: give 1 or more, not 0"],
    [{ connections: 65 }, "connections: give 64 or less, not 65"],
    [{ batchSize: "" }, "batchSize: give a whole number"],
    [{ verify: "yes" }, "verify: give true or false"],
    [{ metrics: [] }, "metrics: give a name"],
    [{ naming: "plain" }, "naming: give seed or clean"],
    [{ stages: [{ specifier: "" }] }, "stages.0.specifier: name a file or a package"],
    [{ inputs: [] }, "inputs: name at least one archive"],
    [{ wokers: 3 }, "wokers: there is no such setting"],
  ])("refuse %j", async (settings, message) => {
    await expect(check(settings)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    });
  });

  it("are found in the environment by their names, and nothing else is", () => {
    const found = settingVariables({
      MILLRACE_VM_URL: "http://db",
      MILLRACE_DRY_RUN: "1",
      MILLRACE_SETUP: "never",
      PATH: "/bin",
    });
    expect(found).toMatchObject({ MILLRACE_VM_URL: "http://db", MILLRACE_DRY_RUN: "1" });
    expect(Object.keys(found)).not.toContain("MILLRACE_SETUP");
    expect(Object.keys(found)).not.toContain("PATH");
  });
});
