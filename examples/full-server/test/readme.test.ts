import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { serverSettings, serverVariables, startServer } from "../src/index.ts";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
/** Answered without being described at `/docs`. */
const UNDESCRIBED = ["GET /metrics", "GET /v1/events", "POST /v1/uploads"];

/** Rows of the tables below a heading, cell by cell, without the marks of code. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, section = ""] = readme.split(`\n${heading}\n`);
  const lines = section.split(/\n##/)[0]?.match(/^\| `.*$/gm) ?? [];
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => /^`([^`]*)`/.exec(cell.trim())?.[1] ?? cell.trim()),
  );
}

it("names every setting, its variable and its default", () => {
  const rows = rowsOf("## Settings");
  expect(rows.map(([name]) => name)).toEqual(Object.keys(serverSettings.shape));
  expect(rows.map(([, variable]) => variable)).toEqual(Object.keys(serverVariables({})));
  const defaults = serverSettings.parse({});
  for (const [name = "", , , documented] of rows) {
    const value = defaults[name as keyof typeof defaults];
    const hasNone = value === undefined || (Array.isArray(value) && value.length === 0);
    const shown = hasNone ? "none" : name === "dataFolder" ? basename(String(value)) : `${value}`;
    expect(documented, name).toBe(name === "vmSelectUrl" ? "as `vmUrl`" : shown);
  }
});

it("names every request that is answered, and no other", async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), "millrace-readme-"));
  const server = await startServer(serverSettings.parse({ port: 0, dataFolder }));
  try {
    const answer = await fetch(`${server.url}/docs/json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
    const answered = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const documented = [
      ...rowsOf("## HTTP"),
      ...rowsOf("### Paths of the OceanStor application"),
      ...rowsOf("### Paths of the GPU video API"),
    ];
    const requests = documented.map(([request = ""]) => request);
    expect(requests.toSorted()).toEqual([...answered, ...UNDESCRIBED].toSorted());
  } finally {
    await server.close();
    await rm(dataFolder, { recursive: true });
  }
});
