// The containers cannot be started where the tests run, so what their files say is held against what it speaks of.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { grafanaProvisioning } from "@millrace/ingest/grafana";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { serverSettings, serverVariables } from "../src/index.ts";

const folder = fileURLToPath(new URL("../", import.meta.url));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: Readonly<Record<"context" | "dockerfile" | "target", string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
}

const { services, volumes } = parse(read("compose.yaml")) as {
  readonly services: Readonly<Record<"server" | "victoriametrics" | "grafana", Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const dockerfile = read("Dockerfile");
const { server, victoriametrics, grafana } = services;
const inImage = Object.fromEntries(
  [...dockerfile.matchAll(/(MILLRACE_\w+)=(\S+)/g)].map(([, name = "", value]) => [name, value]),
);

it("names every image by an exact version", () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(bases).toHaveLength(3);
  for (const image of [...bases, victoriametrics.image]) expect(image).toMatch(/:v?\d+\.\d+\.\d+/);
});

it("builds from what is there", () => {
  for (const { build } of [server, grafana]) {
    const context = resolve(folder, build?.context ?? "");
    expect(existsSync(join(context, "pnpm-lock.yaml"))).toBe(true);
    expect(existsSync(join(context, build?.dockerfile ?? ""))).toBe(true);
    expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build?.target}$`, "m"));
  }
  const root = resolve(folder, "../..");
  const [, command = ""] = /RUN node (\S+) dashboards/.exec(dockerfile) ?? [];
  expect(existsSync(join(root, command))).toBe(true);
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [used] of dockerfile.matchAll(/pnpm@\S+/g)) expect(used).toBe(packageManager);
});

it("mounts volumes that are declared, one file to read, and nothing else", () => {
  const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
  const [files, others] = [true, false].map((isFile) =>
    mounted.filter((mount) => mount.startsWith("./") === isFile),
  );
  expect(others?.map((mount) => mount.split(":")[0]).sort()).toEqual(Object.keys(volumes).sort());
  expect(files).toEqual(["./scrape.yaml:/etc/victoriametrics/scrape.yaml:ro"]);
});

it("lets the database fetch the figures of the server, with its token", () => {
  expect(victoriametrics.command).toContain("-promscrape.config=/etc/victoriametrics/scrape.yaml");
  const { scrape_configs: jobs } = parse(read("scrape.yaml"));
  const { port } = serverSettings.parse({});
  expect(jobs).toMatchObject([
    {
      job_name: "millrace",
      authorization: { credentials: "%{MILLRACE_TOKEN}" },
      static_configs: [{ targets: [`server:${port}`] }],
    },
  ]);
  const { MILLRACE_TOKEN } = server.environment ?? {};
  expect(victoriametrics.environment).toEqual({ MILLRACE_TOKEN });
  // As Grafana has it among its dashboards.
  expect(dockerfile).toContain("COPY examples/full-server/stream-dashboard.json");
});

it("gives the server settings that it knows, and a token since it listens to all", () => {
  const variables = { ...inImage, ...server.environment };
  const known = Object.keys(serverVariables({}));
  for (const name of Object.keys(variables)) expect(known).toContain(name);
  expect(variables).toMatchObject({
    MILLRACE_HOST: "0.0.0.0",
    MILLRACE_TOKEN: expect.stringMatching(/^\$\{MILLRACE_TOKEN:\?/),
  });
  expect(server.volumes).toEqual([`server-data:${variables["MILLRACE_DATA_FOLDER"]}`]);
});

it("opens the ports that the programs listen on, to this machine", () => {
  const { port } = serverSettings.parse({});
  expect(server.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  expect(dockerfile).toContain(`EXPOSE ${port}`);
  expect(dockerfile).toContain(`http://127.0.0.1:${port}/health`);
  const [published = ""] = grafana.ports ?? [];
  const [, ownPort] = published.replace("127.0.0.1:", "").split(":");
  expect(server.environment?.["MILLRACE_GRAFANA_URL"]).toContain(`http://localhost:${ownPort}`);
  expect(victoriametrics.ports).toBeUndefined();
});

it("keeps archives of any age, and lets server and Grafana ask the same database", () => {
  expect(victoriametrics.command).toContain("-retentionPeriod=100y");
  const url = server.environment?.["MILLRACE_VM_URL"] ?? "";
  expect(services).toHaveProperty(new URL(url).hostname);
  const [, vmUrl = "", dashboardsPath = ""] =
    /--vm-url (\S+) --dashboards-path (\S+)/.exec(dockerfile) ?? [];
  expect(vmUrl).toBe(url);
  expect(dockerfile).toContain(`/dashboards ${dashboardsPath}\n`);
  const { dataSource, dashboardProvider } = grafanaProvisioning({ vmUrl, dashboardsPath });
  expect(parse(dataSource).datasources).toMatchObject([{ uid: "victoriametrics", url }]);
  expect(parse(dashboardProvider).providers[0].options.path).toBe(dashboardsPath);
});
