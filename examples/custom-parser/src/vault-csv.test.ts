import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { discard } from "@millrace/core";
import { type ArchiveParser, collectReport, ingest } from "@millrace/ingest";
import { describeParser } from "@millrace/ingest/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import vaultCsvByDefault, { vaultCsv } from "./vault-csv.ts";

const folder = mkdtempSync(join(tmpdir(), "custom-parser-"));
const path = "vault_V1_20251020.csv";
const text = "1760918400,db,410,1.5\n1760918400,www,20,0.25\n1760918460,db,412,2\n";
const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);
const create = (): ArchiveParser => vaultCsv.create({}) as ArchiveParser;
const series = (name: string, volume: string, values: readonly number[]) => ({
  labels: { __name__: name, volume, SN: "V1" },
  timesMs: values.map((_, i) => 1_760_918_400_000 + i * 60_000),
  values,
});

beforeAll(() => {
  mkdirSync(join(folder, "collected"));
  writeFileSync(join(folder, "collected", path), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describeParser("vaultCsv", {
  create,
  documents: [
    {
      path,
      memberPath: path,
      bytes: bytesOf(text),
      expected: [
        series("vault_iops", "db", [410, 412]),
        series("vault_iops", "www", [20]),
        series("vault_latency_seconds", "db", [0.0015, 0.002]),
        series("vault_latency_seconds", "www", [0.00025]),
      ],
    },
  ],
  broken: [{ path, memberPath: path, bytes: bytesOf("1760918400,db,,1\n") }],
});

describe("vaultCsv", () => {
  it("is exported by name and as default, in some 50 lines", () => {
    expect(vaultCsvByDefault).toBe(vaultCsv);
    const file = readFileSync(new URL("vault-csv.ts", import.meta.url), "utf8");
    expect(file.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
  });

  it("reads a folder, from code", async () => {
    const run = ingest(join(folder, "collected"), { parser: create() }).to(discard());
    expect(await collectReport(run)).toMatchObject({
      complete: true,
      files: { ok: 1 },
      samples: { parsed: 6, accepted: 6 },
    });
  });

  it("is loaded by the command", () => {
    const out = join(folder, "samples.csv");
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const parser = ["--parser", "./examples/custom-parser/src/vault-csv.ts"];
    const command = ["ingest", join(folder, "collected"), ...parser, "--no-vm", "--csv", out];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["packages/cli/bin/millrace.js", ...command],
      { cwd: root, encoding: "utf8" },
    );
    expect(stderr).toContain("./examples/custom-parser/src/vault-csv.ts is a program");
    expect(stdout).toContain("6 read, 6 accepted");
    expect(status).toBe(0);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines.some((line) => line.includes(";vault_latency_seconds;;0.0015;"))).toBe(true);
  });
});
